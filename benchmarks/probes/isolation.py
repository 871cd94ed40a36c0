"""In a project's environment: isolates a test by a savepoint, and by a schema made anew.

Prints, as JSON, the seconds that each took, again and again, with a company that the test adds.
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import argparse
import json
from time import perf_counter

from app.companies.queries import create_company
from app.kit.db.base import Base
from app.kit.db.engine import open_engine
from app.kit.db.migrations import downgrade, upgrade
from app.kit.db.session import create_session_factory
from app.settings import Settings
from sqlalchemy import BigInteger, Column, DateTime, MetaData, String, Table
from sqlalchemy.ext.asyncio import AsyncEngine

MORE = MetaData()
"""Tables beside those of the project."""
for number in range(10 - len(Base.metadata.tables)):
    Table(
        f"more_{number}",
        MORE,
        Column("id", BigInteger, primary_key=True),
        Column("name", String(120), unique=True),
        Column("created_at", DateTime(timezone=True)),
    )


async def measure(*, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each way, of which the first round is not counted."""
    ways = {
        "savepoint": _savepoint,
        "create_all": _create_all,
        "create_all_of_ten": _create_all_of_ten,
        "migrations": _migrations,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    async with open_engine(Settings(), prewarm=1) as engine:
        for _ in range(rounds + 1):
            for name, way in ways.items():
                start = perf_counter()
                await way(engine)
                seconds[name].append(perf_counter() - start)
    return {name: taken[1:] for name, taken in seconds.items()}


async def _savepoint(engine: AsyncEngine) -> None:
    """Do as the fixture `sessions` in the project's tests/conftest.py does."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        factory = create_session_factory(connection, joining="create_savepoint")
        async with factory.begin() as session:
            await create_company(session, name="Acme", industry="Anvils")
        await transaction.rollback()


async def _create_all(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    await _test(engine)


async def _create_all_of_ten(engine: AsyncEngine) -> None:
    """Do as a project does that has grown."""
    async with engine.begin() as connection:
        for metadata in (Base.metadata, MORE):
            await connection.run_sync(metadata.drop_all)
            await connection.run_sync(metadata.create_all)
    await _test(engine)


async def _migrations(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await downgrade(connection, "base")
        await upgrade(connection)
    await _test(engine)


async def _test(engine: AsyncEngine) -> None:
    async with create_session_factory(engine).begin() as session:
        # Stays until the schema is made anew: not a name that the other way adds.
        await create_company(session, name="Ajax", industry="Anvils")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, required=True)
    print(json.dumps(run(measure(**vars(parser.parse_args())))))
