"""Settings for a command."""

# {% if cookiecutter.__web %}
import sys
# {% endif %}
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.kit.commands.command_error import CommandError
# {% if cookiecutter.__local_database %}
from app.kit.commands.local_database import with_database
# {% endif %}
from app.kit.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)

# {% if cookiecutter.__networked and not cookiecutter.__local_database %}
NO_DATABASE = (
    "No database is configured: set DATABASE_URL (for tests TEST_DATABASE_URL), or set DB_PASS in "
    ".env and run `docker compose up --wait database`."
)

# {% endif %}

def load_settings(kind: type[Settings], options: Mapping[str, Any] | None = None) -> Settings:
    # {% if cookiecutter.__local_database %}
    """Return settings of a `kind` that name a running database: the configured one, or our own.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    return with_database(read_settings(kind, options))
    # {% elif cookiecutter.__networked %}
    """Return settings of a `kind` that name a database.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    settings = read_settings(kind, options)
    if not settings.names_a_database:
        raise CommandError(NO_DATABASE)
    return settings
    # {% else %}
    """Return settings of a `kind`.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    return read_settings(kind, options)
    # {% endif %}


def read_settings(kind: type[Settings], options: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings, for what needs no database; options and errors as in `load_settings`."""
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        return kind(**given)
    except SettingsError as error:
        raise CommandError(f"{error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(*first["loc"][:1]).upper()
        where = f"{name}: " if name else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandError(
            f"{where}{reason}; correct it on the command line, in the environment or in .env."
        ) from None
# {% if cookiecutter.__web %}


def settings_or_exit(kind: type[Settings]) -> Settings:
    """Return the settings, or end the program with the sentence that says what is wrong.

    For an application that another launcher than `python -m app` starts.
    """
    try:
        return read_settings(kind)
    except CommandError as error:
        sys.exit(str(error))
# {% endif %}
