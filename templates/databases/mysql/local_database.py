"""The project's own MariaDB, for whoever has configured no other database."""

import atexit
import os
from contextlib import ExitStack, suppress
from subprocess import list2cmdline

from pydantic import SecretStr

from app.commands.errors import CommandError
from app.config import Settings

_until_exit = ExitStack()
atexit.register(_until_exit.close)


def with_database(settings: Settings) -> Settings:
    """Return settings that name a running database: the configured one, else the project's own.

    That one runs until the last process that asked for it has ended. Raises CommandError if there
    is no MariaDB on this machine.
    """
    try:
        # Not part of the service: a production image is without them.
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
    # For the processes that serve.
    os.environ["DATABASE_URL"] = url
    return settings.model_copy(update={"database_url": SecretStr(url)})


def how_to_connect(settings: Settings) -> str:
    """Return what a person needs to look into the project's own database; nothing of another."""
    with suppress(ModuleNotFoundError):
        from devtools.local_mariadb import DATA, client, owns  # noqa: PLC0415  as above

        if owns(DATA, settings.sqlalchemy_url.password):
            named = settings.sqlalchemy_url.set(drivername="mysql")
            url = named.render_as_string(hide_password=False)
            return f"MariaDB: {url}\n  {list2cmdline(client(url))}".rstrip()
    return ""
