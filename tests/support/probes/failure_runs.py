"""Run in a project: failures of its database as they are reported, printed and logged.

Prints JSON: of each of FAILURES its name, what it is reported as, and all that Python prints of it.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))
from app import event_loop
from app.companies.model import Company
from app.kit.db.driver import READ_OPTIONS
from app.kit.db.engine import open_engine
from app.kit.db.error_reports import report
from app.kit.db.readiness import Readiness
from app.kit.db.session import create_sessions
from app.kit.db.sql_log import logged_sql
from app.settings import Settings
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

FAILURES = json.loads(os.environ["FAILURES"])
"""Names, each with a statement and its values."""
TABLE, FIRST = FAILURES.pop("table of them")
INSERT, SECRET = FAILURES["taken"][0], FIRST["name"]


async def fail(engine: Any, statement: str, values: dict[str, Any]) -> None:
    """Do what an owner's code does."""
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def failures(engine: Any) -> dict[str, tuple[str, str]]:
    """Return what is said of each failure; SQLite takes some values that others refuse."""
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE IF EXISTS trial"))
        await connection.execute(text(TABLE))
        await connection.execute(text(INSERT), FIRST)
    found = {}
    for name, (statement, values) in FAILURES.items():
        try:
            await fail(engine, statement, values)
        except SQLAlchemyError as error:
            found[name] = report(error), f"{traceback.format_exc()}{error}{error.args!r}"
    async with create_sessions(engine).write() as session:
        for _ in range(2):
            try:
                session.add_all(Company(name=SECRET, industry="x") for _ in range(2))
                await session.flush()
            except SQLAlchemyError as error:
                found[type(error).__name__] = report(error), traceback.format_exc()
    return found


async def overlapping_probes(engine: Any) -> int:
    """Return how often five who ask at once are told that a healthy database is away."""
    readiness = Readiness(engine, timeout=5)

    async def ask() -> int:
        return sum([not await readiness.check() for _ in range(100)])

    return sum(await asyncio.gather(*(ask() for _ in range(5))))


async def statements_of_a_block(engine: Any) -> str:
    """Return what is logged of a block of code, and of nothing beside it."""
    handler = logging.StreamHandler(stream := io.StringIO())
    logging.getLogger().addHandler(handler)
    engine = engine.execution_options(**READ_OPTIONS)
    async with engine.connect() as connection:
        # Not before: the connection is there already when the block begins.
        await connection.execute(text("SELECT 1"))
        beside = asyncio.Event()

        async def other() -> None:
            await beside.wait()
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 2"))

        task = asyncio.create_task(other())
        with logged_sql():
            await connection.execute(text("SELECT 3, 'x' = :name"), {"name": SECRET})
            beside.set()
            await task
        with logged_sql(values=True):
            await connection.execute(text("SELECT 4, 'x' = :name"), {"name": "shown"})
    logging.getLogger().removeHandler(handler)
    return stream.getvalue()


async def main() -> None:
    """Print all of it."""
    async with open_engine(Settings()) as engine:
        said = {
            "failures": await failures(engine),
            "away": await overlapping_probes(engine),
            "block": await statements_of_a_block(engine),
        }
    print(json.dumps(said))


if __name__ == "__main__":
    event_loop.run(main())
