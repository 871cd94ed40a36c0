"""Alembic's command line, and what it leaves behind."""

import asyncio

from sqlalchemy import inspect

from app.kit.db.engine import open_engine
from app.settings import Settings
from tests.kit.processes import run_python
from tests.support.processes import environment


async def tables(settings: Settings) -> set[str]:
    """Return the names of the tables that are there."""
    async with open_engine(settings) as engine, engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def alembic(settings: Settings, *arguments: str) -> str:
    """Run Alembic's command line, and return what it prints."""
    done = await asyncio.to_thread(
        run_python, "-m", "alembic", *arguments, env=environment(settings)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
