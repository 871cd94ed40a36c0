"""A MariaDB of a test's own, to kill and start again, and to get in the way of its clients."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncmy
import pytest
from devtools.local_mariadb import MariaDB
from devtools.local_server import LocalServerError, leave_root
from devtools.mariadb_programs import Programs, find_programs


class MariaDBServer(MariaDB):
    """A server that is killed and started at will, on the port that it has."""

    def kill(self) -> None:
        """End it as the system does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def database_url(self) -> str:
        """The DATABASE_URL of its database "test"."""
        return self.url()

    @contextmanager
    def observing(self) -> Iterator[MariaDBObserver]:
        """Yield a connection of a test's own."""
        parts = urlsplit(self.database_url)
        with asyncio.Runner() as runner:
            connection = runner.run(
                asyncmy.connect(
                    host=parts.hostname,
                    port=parts.port,
                    user=parts.username,
                    password=parts.password,
                    db=parts.path.removeprefix("/"),
                    autocommit=True,
                )
            )
            try:
                yield MariaDBObserver(runner, connection)
            finally:
                runner.run(connection.ensure_closed())


class MariaDBObserver:
    """Looks at the database, and holds locks in it."""

    def __init__(self, runner: asyncio.Runner, connection: Any) -> None:
        """Use `connection`, which belongs to the loop of `runner`."""
        self._runner = runner
        self._connection = connection

    def rows(self, query: str, *arguments: object) -> list[Any]:
        """Return what a statement returns, if anything."""
        return self._runner.run(self._rows(query, arguments))

    def companies(self) -> set[str]:
        """Return the names of all companies."""
        return {name for [name] in self.rows("SELECT name FROM companies")}

    def value(self, query: str, *arguments: object) -> Any:
        """Return the one value that a query returns."""
        return self.rows(query, *arguments)[0][0]

    def running(self, beginning: str) -> int:
        """Return how many statements that begin so the server works on."""
        query = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE %s"
        return int(self.value(query, f"{beginning}%"))

    async def _rows(self, query: str, arguments: tuple[object, ...]) -> list[Any]:
        cursor = self._connection.cursor()
        await cursor.execute(query, arguments or None)
        return [*await cursor.fetchall()] if cursor.description else []


@contextmanager
def mariadb_server() -> Iterator[MariaDBServer]:
    """Yield an empty server that loses nothing; skip the test, with the reason, if there is none.

    It has MariaDB's defaults, as in production, and not what the local server of a project's tests
    has: that one is forgetful. A test asserts the setting on which it depends.
    """
    # Not below pytest's directory, which only we can enter.
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        Path(place).chmod(0o755)
        home = Path(place, "server")
        home.mkdir(mode=0o700)
        leave_root(home)
        server = MariaDBServer(_programs(), home, ephemeral=False)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _programs() -> Programs:
    try:
        return find_programs()
    except LocalServerError as error:
        pytest.skip(str(error))
