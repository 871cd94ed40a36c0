"""Savepoints: some rows of a batch are refused, and the others are kept.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from collections.abc import Iterable

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

NAMES = ["Ada", "Bob", "Ada", "Cy", "Bob"]


class Base(DeclarativeBase):
    pass


class Guest(Base):
    __tablename__ = "cookbook_guests"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


async def invite(session: AsyncSession, names: Iterable[str]) -> list[str]:
    """Add guests; return the names that were there."""
    refused = []
    for name in names:
        try:
            async with session.begin_nested():
                session.add(Guest(name=name))
        except IntegrityError:
            refused.append(name)
    return refused


async def invite_without(session: AsyncSession, names: Iterable[str]) -> list[str]:
    """Do what does not work: a flush that fails ends the session's transaction."""
    refused = []
    for name in names:
        try:
            session.add(Guest(name=name))
            await session.flush()
        except IntegrityError:
            refused.append(name)
            # Without it, everything that follows raises PendingRollbackError.
            await session.rollback()
    return refused


async def compare(sessions: async_sessionmaker[AsyncSession]) -> None:
    guests = select(Guest.name).order_by(Guest.id)
    async with sessions() as session:
        print("refused:", *await invite_without(session, NAMES))
        print("left after rollback():", *await session.scalars(guests))
        await session.rollback()
    async with sessions.begin() as session:
        print("refused:", *await invite(session, NAMES))
        print("left with savepoints:", *await session.scalars(guests))


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            await compare(create_sessions(engine).write)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
