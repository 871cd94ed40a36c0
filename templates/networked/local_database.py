# {% if cookiecutter.__postgresql %}
"""The project's own PostgreSQL, used when no database is configured."""
# {% else %}
"""The project's own MariaDB, used when no database is configured."""
# {% endif %}

import atexit
import os
from contextlib import ExitStack
from typing import TypeVar

from pydantic import SecretStr

from app.kit.commands.command_error import CommandError
from app.kit.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)

_until_exit = ExitStack()
atexit.register(_until_exit.close)
_used: list[str] = []


def with_database(settings: Settings) -> Settings:
    """Return settings that name a running database: the configured one, else the project's own.

    The project's own runs until the last process that uses it ends. Raises CommandError if it
    can't be started.
    """
    try:
        # A production image has no devtools.
        # {% if cookiecutter.__postgresql %}
        from devtools.local_postgres import DATA, local_database  # noqa: PLC0415
        # {% else %}
        from devtools.local_mariadb import DATA, local_database  # noqa: PLC0415
        # {% endif %}
        from devtools.local_server import LocalServerError, owns  # noqa: PLC0415
    except ModuleNotFoundError:
        return settings
    configured = settings.names_a_database
    if configured and not owns(DATA, settings.sqlalchemy_url.password):
        return settings
    try:
        url = _until_exit.enter_context(local_database(DATA))
    except LocalServerError as error:
        raise CommandError(str(error)) from error
    _used.append(url)
    if configured:
        return settings
    # For the worker processes.
    os.environ["DATABASE_URL"] = url
    return settings.model_copy(update={"database_url": SecretStr(url)})


def how_to_connect(settings: ServiceSettings) -> str:
    """Return the URL of the project's own database, if `with_database` has started it; else ""."""
    # {% if cookiecutter.__postgresql %}
    url = settings.sqlalchemy_url.set(drivername="postgresql")
    return f"PostgreSQL: {url.render_as_string(hide_password=False)}" if _used else ""
    # {% else %}
    url = settings.sqlalchemy_url.set(drivername="mysql")
    return f"MariaDB: {url.render_as_string(hide_password=False)}" if _used else ""
    # {% endif %}
