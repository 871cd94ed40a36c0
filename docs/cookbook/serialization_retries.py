"""Serialization failures and deadlocks: the whole transaction is done again.

Drivers: asyncpg, psycopg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import String, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

T = TypeVar("T")
NAMES = ["Ada", "Bob", "Cy", "Dee"]
ENOUGH = 2
"""Doctors on call, of whom one may leave."""
SERIALIZATION_FAILURE, DEADLOCK = "40001", "40P01"
failures = 0


class Base(DeclarativeBase):
    pass


class Doctor(Base):
    __tablename__ = "cookbook_doctors"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    on_call: Mapped[bool]


async def retried(
    sessions: async_sessionmaker[AsyncSession],
    work: Callable[[AsyncSession], Awaitable[T]],
    *,
    attempts: int = 10,
) -> T:
    """Return what `work` returns in a transaction that is committed.

    It is called again, with a new session, until then: it must do nothing that a rollback
    does not undo. Raises DBAPIError after so many attempts, or for any other failure.
    """
    global failures  # noqa: PLW0603  counted for the output
    for attempt in range(1, attempts + 1):
        try:
            # The COMMIT may fail, too.
            async with sessions.begin() as session:
                return await work(session)
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None)
            if code not in {SERIALIZATION_FAILURE, DEADLOCK} or attempt == attempts:
                raise
            failures += 1
        # At random, or those who failed together would fail together again.
        await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  no secret
    raise AssertionError("unreachable")


async def leave(name: str, counted: set[str], session: AsyncSession) -> bool:
    """Go home, if another doctor stays."""
    on_call = select(func.count()).where(Doctor.on_call)
    if (await session.scalar(on_call) or 0) < ENOUGH:
        return False
    # At the same time as the others: nobody has left yet.
    counted.add(name)
    while len(counted) < len(NAMES):  # noqa: ASYNC110  shorter than an event
        await asyncio.sleep(0.01)
    (await session.get_one(Doctor, name)).on_call = False
    return True


async def evening(engine: AsyncEngine, *, isolation: str) -> int:
    """Let all doctors ask at once whether they may leave; return how many stay."""
    bind = engine.execution_options(isolation_level=isolation)
    sessions = async_sessionmaker(bind, expire_on_commit=False)
    async with sessions.begin() as session:
        session.add_all(Doctor(name=name, on_call=True) for name in NAMES)
    counted: set[str] = set()
    await asyncio.gather(*(retried(sessions, partial(leave, name, counted)) for name in NAMES))
    async with sessions.begin() as session:
        doctors = (await session.scalars(select(Doctor))).all()
        for doctor in doctors:
            await session.delete(doctor)
    return sum(doctor.on_call for doctor in doctors)


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            for isolation in ("REPEATABLE READ", "SERIALIZABLE"):
                print(f"{isolation}:", await evening(engine, isolation=isolation), "on call")
                print("some had to try again:", failures > 0)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
