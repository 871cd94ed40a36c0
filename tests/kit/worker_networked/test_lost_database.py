"""A database that goes away for a while costs no job and no attempt."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company
from app.jobs import HANDLERS
from app.kit.db.session import Sessions
from app.settings import Settings
from tests.kit.companies import count_companies
from tests.support.workers import enqueue, finished, working


class Line:
    """A way to the database's server that can be cut."""

    def __init__(self, settings: Settings) -> None:
        """Lead to the server of `settings`."""
        self._url = settings.sqlalchemy_url
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def mend(self) -> None:
        """Let connections through, on the port of the first time."""
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections, and refuse others."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._url.host, self._url.port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._copy(reader, there[1]))
            tasks.create_task(self._copy(there[0], writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError):
            while content := await reader.read(65536):
                writer.write(content)
        self._open.discard(writer)
        writer.close()


@asynccontextmanager
async def line_of(settings: Settings) -> AsyncIterator[tuple[Line, Settings]]:
    """Yield a line to the database, and settings that lead through it."""
    line = Line(settings)
    await line.mend()
    url = settings.sqlalchemy_url.set(host="127.0.0.1", port=line.port)
    through = Settings(database_url=url.render_as_string(hide_password=False), db_pool_size=5)
    try:
        yield line, through
    finally:
        await line.cut()


async def test_the_worker_waits_until_it_is_back(
    settings: Settings, committing_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def rest(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        await create_company(session, name="Acme", industry="Anvils")
        begun.set()
        await go_on.wait()
        await create_company(session, name="Other", industry="Any")

    monkeypatch.setitem(HANDLERS, "rest", rest)
    async with line_of(settings) as (line, through), working(through):
        job_id = await enqueue(committing_sessions, "rest")
        await begun.wait()
        await line.cut()
        go_on.set()
        later = await enqueue(committing_sessions, "import_companies", companies=[])
        await asyncio.sleep(1)
        await line.mend()
        job = await finished(committing_sessions, job_id)
        assert (job.state, job.attempts, job.last_error) == ("done", 1, None)
        assert (await finished(committing_sessions, later)).state == "done"
    assert await count_companies(committing_sessions) == 2
