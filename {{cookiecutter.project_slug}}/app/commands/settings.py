"""Settings for a command."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.commands.errors import CommandError
from app.config import Settings


def load_settings(options: Mapping[str, Any]) -> Settings:
    """Return the settings, with those `options` that are not None in front.

    Raises CommandError, which names the setting but not its value: it may be a secret.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"])).upper()
        where = f"{name}: " if name else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandError(
            f"{where}{reason}; correct it on the command line, in the environment or in .env."
        ) from None
