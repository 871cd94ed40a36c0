"""Settings for a command."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.commands.errors import CommandError
from app.commands.local_database import with_database
from app.config import Settings


def load_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """Return settings that name a running database: the configured one, else the project's own.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    return with_database(read_settings(options))


def read_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """Return the same, for who needs no database."""
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"])).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandError(
            f"{name}: {reason}; correct it on the command line, in the environment or in .env."
        ) from None
