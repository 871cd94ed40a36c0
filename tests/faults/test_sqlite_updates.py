"""SQLite: those who read and then write take turns."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from support.faults.sqlite_stage import SQLiteStage

pytestmark = pytest.mark.faults

COUNT_UP = """
from app.event_loop import run
import asyncio, sys
from app.companies.queries import get_company
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

async def main(times):
    async with open_engine(Settings()) as engine:
        sessions = create_sessions(engine)

        async def count_up():
            async with sessions.write.begin() as session:
                company = await get_company(session, 1)
                # What one has read, others must not have changed when it is written.
                await asyncio.sleep(0.005)
                company.industry = str(int(company.industry) + 1)

        await asyncio.gather(*(count_up() for _ in range(times)))

run(main(int(sys.argv[1])))
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_read_and_written_back_is_not_lost(
    sqlite_stage: SQLiteStage, processes: int, figures: Callable[[str], None]
) -> None:
    with closing(sqlite_stage.look()) as connection, ThreadPoolExecutor() as threads:
        connection.execute(
            "INSERT INTO companies (name, industry, created_at, updated_at)"
            " VALUES ('Counter', '0', '2026-01-01', '2026-01-01')"
        )
        command = (sqlite_stage.project.python, "-c", COUNT_UP, str(40 // processes))
        counting = [
            threads.submit(sqlite_stage.project.succeed, *command, **sqlite_stage.env)
            for _ in range(processes)
        ]
        for process in counting:
            process.result()
        [[counted]] = connection.execute("SELECT industry FROM companies")
    figures(f"{counted} of 40 updates kept")
    assert counted == "40"
