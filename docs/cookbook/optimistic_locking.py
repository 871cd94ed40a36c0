"""Optimistic locking: who changes a row that has changed meanwhile is told so.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "cookbook_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy declares it so


class ChangedMeanwhileError(Exception):
    """The row is not the one that was read."""


async def save(session: AsyncSession, page_id: int, words: str, *, version: int) -> Page:
    """Change the version of a page that its author has seen; raises ChangedMeanwhileError."""
    page = await session.get_one(Page, page_id)
    if page.version != version:
        raise ChangedMeanwhileError(f"This is version {page.version} by now, and not {version}.")
    page.words = words
    try:
        await session.flush()
    except StaleDataError:
        # It changed between our SELECT and our UPDATE ... WHERE version = :version.
        raise ChangedMeanwhileError("It has just been changed.") from None
    return page


async def edit(sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions.begin() as session:
        page = Page(words="Hello")
        session.add(page)
    async with sessions.begin() as session:
        changed = await save(session, page.id, "Hello, Ada", version=1)
        print("the first author: version", changed.version)
    try:
        async with sessions.begin() as session:
            await save(session, page.id, "Hello, Bob", version=1)
    except ChangedMeanwhileError as error:
        print("the second author:", error)
    async with sessions() as late:
        # Without a transaction between them, so that SQLite has nobody waiting for its lock.
        mine = await late.get_one(Page, page.id)
        await late.commit()
        async with sessions.begin() as session:
            await save(session, page.id, "Hello, Cy", version=2)
        mine.words = "Hello, Dee"
        try:
            await late.flush()
        except StaleDataError as error:
            print("a moment later:", error)


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            await edit(create_sessions(engine).write)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
