"""Settings for a command."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

# {% if cookiecutter.__web %}
from app.commands.errors import CommandError, exit_on_command_error
# {% else %}
from app.commands.errors import CommandError
# {% endif %}
# {% if cookiecutter.__local_database %}
from app.commands.local_database import with_database
# {% endif %}
from app.config import Settings

# {% if cookiecutter.__networked and not cookiecutter.__local_database %}
NO_DATABASE = (
    "No database is configured: set DATABASE_URL (for tests TEST_DATABASE_URL), or set DB_PASS in "
    ".env and run `docker compose up --wait database`."
)

# {% endif %}

def load_settings(options: Mapping[str, Any] | None = None) -> Settings:
    # {% if cookiecutter.__local_database %}
    """Return settings that name a running database: the configured one, else the project's own.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    # {% else %}
    """Return settings that name a database.

    Those `options` that are not None come before the environment and `.env`. Raises CommandError,
    which names a wrong setting but not its value: it may be a secret.
    """
    # {% endif %}
    # {% if cookiecutter.__local_database %}
    return with_database(read_settings(options))
    # {% elif cookiecutter.__networked %}
    settings = read_settings(options)
    if not settings.names_a_database:
        raise CommandError(NO_DATABASE)
    return settings
    # {% else %}
    return read_settings(options)
    # {% endif %}


def read_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings, for what needs no database; options and errors as in `load_settings`."""
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        return Settings(**given)
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


def settings_or_exit() -> Settings:
    """Return the settings, or end the program with the sentence that says what is wrong.

    For an application that another launcher than `python -m app` starts.
    """
    with exit_on_command_error():
        return read_settings()
# {% endif %}
