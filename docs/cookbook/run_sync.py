"""`run_sync`: code that knows no coroutines, such as DDL, the Inspector and an old report.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import time

from sqlalchemy import Connection, ForeignKey, String, inspect, select
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

WORK = 0.3
"""Seconds of it, with nothing to wait for."""


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "cookbook_authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    books: Mapped[list["Book"]] = relationship()


class Book(Base):
    __tablename__ = "cookbook_books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    author_id: Mapped[int] = mapped_column(ForeignKey("cookbook_authors.id"))


def columns(connection: Connection) -> list[str]:
    """Return the columns of a table, as the database has them."""
    return [column["name"] for column in inspect(connection).get_columns("cookbook_books")]


def old_report(session: Session) -> list[str]:
    """Return a line for each author; `author.books` is a query that nobody awaits."""
    authors = session.scalars(select(Author).order_by(Author.name))
    return [f"{author.name}: {len(author.books)}" for author in authors]


async def longest_silence(engine: AsyncEngine) -> float:
    """Return for how long the event loop does nothing else while `run_sync` works."""
    silence = 0.0

    async def watch() -> None:
        nonlocal silence
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            silence = max(silence, time.monotonic() - before)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.02)
    async with engine.connect() as connection:
        await connection.run_sync(lambda _connection: time.sleep(WORK))
    await asyncio.sleep(0.02)
    watcher.cancel()
    return silence


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            async with engine.connect() as connection:
                print("columns:", await connection.run_sync(columns))
            async with AsyncSession(engine) as session, session.begin():
                session.add(Author(name="Le Guin", books=[Book(title="The Dispossessed")]))
                session.add(Author(name="Lem", books=[Book(title="Solaris"), Book(title="Fiasco")]))
            async with AsyncSession(engine) as session:
                print("report:", await session.run_sync(old_report))
            try:
                inspect(engine)
            except NoInspectionAvailable as error:
                print(f"inspect(engine): {error}")
            print("the loop stood still:", await longest_silence(engine) > WORK / 2)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
