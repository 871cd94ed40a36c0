"""The project's own MariaDB, used when no database is configured."""

import atexit
import os
from contextlib import ExitStack, suppress
from subprocess import list2cmdline
from typing import TypeVar

from pydantic import SecretStr

from app.kit.commands.command_error import CommandError
from app.kit.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)

_until_exit = ExitStack()
atexit.register(_until_exit.close)


def with_database(settings: Settings) -> Settings:
    """Return settings that name a running database: the configured one, else the project's own.

    The project's own runs until the last process that uses it ends. Raises CommandError if there is
    no MariaDB on this machine.
    """
    try:
        # A production image has no devtools.
        from devtools.local_mariadb import DATA, LocalServerError, local_mariadb, owns  # noqa: PLC0415
    except ModuleNotFoundError:
        return settings
    configured = settings.names_a_database
    if configured and not owns(DATA, settings.sqlalchemy_url.password):
        return settings
    try:
        url = _until_exit.enter_context(local_mariadb(DATA))
    except LocalServerError as error:
        raise CommandError(str(error)) from error
    if configured:
        return settings
    # For the worker processes.
    os.environ["DATABASE_URL"] = url
    return settings.model_copy(update={"database_url": SecretStr(url)})


def how_to_connect(settings: ServiceSettings) -> str:
    """Return the URL of the project's own database and a command to open it; "" for another."""
    with suppress(ModuleNotFoundError):
        from devtools.local_mariadb import DATA, client, owns  # noqa: PLC0415  as above

        if owns(DATA, settings.sqlalchemy_url.password):
            named = settings.sqlalchemy_url.set(drivername="mysql")
            url = named.render_as_string(hide_password=False)
            return f"MariaDB: {url}\n  {list2cmdline(client(url))}".rstrip()
    return ""
