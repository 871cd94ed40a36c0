"""In a project's environment: adds the same rows in bulk and with `session.add_all`.

Prints, as JSON, the seconds that each took, again and again, transaction included.
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import argparse
import json
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from app.companies.model import Company
from app.kit.db.base import Base
from app.kit.db.bulk import bulk_insert
from app.kit.db.engine import open_engine
from app.kit.db.session import create_session_factory
from app.kit.db.types import utc_now
from app.settings import Settings
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import DropConstraint

COLUMNS = ["name", "industry", "created_at", "updated_at"]


async def measure(*, rows: int, rounds: int, bare: int) -> dict[str, list[float]]:
    """Return the seconds of each way, of which the first round is not counted.

    `bare` takes the table's unique index and its checks away, whose cost both ways share.
    """
    now = utc_now()
    seconds: dict[str, list[float]] = {"bulk_insert": [], "add_all": []}
    ways = {"bulk_insert": _bulk_insert, "add_all": _add_all}
    async with open_engine(Settings(), prewarm=1) as engine:
        if bare:
            await _strip(engine)
        for number in range(rounds + 1):
            for name, way in ways.items():
                # Names that never were: the index still holds those that were deleted.
                prefix = f"{name} {number}"
                values = [(f"{prefix} {row}", "Counting", now, now) for row in range(rows)]
                seconds[name].append(await _timed(engine, way, values))
    return {name: taken[1:] for name, taken in seconds.items()}


async def _strip(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for constraint in Base.metadata.tables["companies"].constraints:
            if isinstance(constraint, UniqueConstraint | CheckConstraint):
                await connection.execute(DropConstraint(constraint))


async def _timed(engine: AsyncEngine, way: Callable[..., Awaitable[None]], values: Any) -> float:
    start = perf_counter()
    await way(engine, values)
    taken = perf_counter() - start
    async with engine.begin() as connection:
        done = await connection.execute(Base.metadata.tables["companies"].delete())
        assert done.rowcount == len(values)
    return taken


async def _bulk_insert(engine: AsyncEngine, values: Any) -> None:
    async with engine.begin() as connection:
        await bulk_insert(connection, Base.metadata.tables["companies"], COLUMNS, values)


async def _add_all(engine: AsyncEngine, values: Any) -> None:
    async with create_session_factory(engine).begin() as session:
        session.add_all([Company(**dict(zip(COLUMNS, row, strict=True))) for row in values])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--bare", type=int, default=0)
    print(json.dumps(run(measure(**vars(parser.parse_args())))))
