"""A MariaDB of the project's own, for development."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from app.commands.errors import CommandError
from app.config import Settings

DATA = Path(".local/mariadb")


@contextmanager
def local_database(settings: Settings) -> Iterator[Settings]:
    """Yield settings that name a running database: the configured one, else our own.

    Raises CommandError if there is no MariaDB on this machine.
    """
    if settings.names_a_database:
        yield settings
        return
    # Not part of the service: a production image is without them.
    from devtools.local_mariadb import LocalServerError, local_mariadb  # noqa: PLC0415

    try:
        with local_mariadb(DATA) as url:
            print(f"MariaDB runs, with its data in {DATA}: {url}")
            # For the processes that serve.
            os.environ["DATABASE_URL"] = url
            yield settings.model_copy(update={"database_url": SecretStr(url)})
    except LocalServerError as error:
        raise CommandError(str(error)) from error
