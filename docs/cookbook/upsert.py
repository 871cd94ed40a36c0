"""Upsert: one statement that inserts a row, or updates the one that is there.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
from datetime import UTC, datetime

from sqlalchemy import String, func, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings


class Base(DeclarativeBase):
    pass


class Counter(Base):
    __tablename__ = "cookbook_counters"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    hits: Mapped[int]
    seen: Mapped[datetime] = mapped_column(onupdate=lambda: datetime.now(UTC).replace(tzinfo=None))


LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  the column has no time zone


async def hit(session: AsyncSession, name: str) -> None:
    """Count a hit, on PostgreSQL and SQLite."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Counter).values(name=name, hits=1, seen=LONG_AGO)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[Counter.name], set_={"hits": Counter.hits + row.excluded.hits}
        )
    )


async def hit_mysql(session: AsyncSession, name: str) -> None:
    """Count a hit, on MySQL and MariaDB: whatever unique key is in the way."""
    row = mysql.insert(Counter).values(name=name, hits=1, seen=LONG_AGO)
    await session.execute(row.on_duplicate_key_update(hits=Counter.hits + row.inserted.hits))


async def count_hits(engine: AsyncEngine) -> None:
    sessions = create_sessions(engine)
    count = hit_mysql if engine.dialect.name == "mysql" else hit

    async def request() -> None:
        async with sessions.write.begin() as session:
            await count(session, "home")

    await asyncio.gather(*(request() for _ in range(10)))
    async with sessions.read() as read:
        print("hits of 10 at once:", await read.scalar(select(func.sum(Counter.hits))))
    async with sessions.write.begin() as session:
        counter = await session.get_one(Counter, "home")
        print("onupdate has run:", counter.seen != LONG_AGO)
        await count(session, "home")
        print("what the session holds:", counter.hits)
        await session.refresh(counter)
        print("after refresh:", counter.hits)


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            await count_hits(engine)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
