"""A synchronous engine beside the async one: one database, one set of models.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
Answers: sync_engine=yes
Needs: a project
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio

from sqlalchemy import String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.kit.db.sync import create_sync_session_factory, open_sync_engine
from app.settings import Settings


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "cookbook_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(100))


VISITS = select(func.count()).select_from(Visit)
"""A statement belongs to no engine: both run it."""


def report(session: Session) -> str:
    """Return what a notebook, a task queue or a library without coroutines asks for."""
    return f"{session.scalar(VISITS)} visits"


async def serve(settings: Settings) -> None:
    """Write and read as the service does."""
    async with open_engine(settings) as engine:
        sessions = create_sessions(engine)
        async with sessions.write.begin() as session:
            session.add(Visit(page="/"))
        async with sessions.read() as read:
            print("async:", await read.scalar(VISITS))
        # Within a coroutine: in a thread, or nothing else would run meanwhile.
        print("async, in a thread:", await asyncio.to_thread(report_of, settings))


def report_of(settings: Settings) -> str:
    with open_sync_engine(settings) as engine, create_sync_session_factory(engine)() as session:
        return report(session)


def main() -> None:
    settings = load_settings(Settings)
    with open_sync_engine(settings) as engine:
        Base.metadata.create_all(engine)
        with create_sync_session_factory(engine).begin() as session:
            session.add(Visit(page="/about"))
            print("sync:", report(session))
        run(serve(settings))
        Base.metadata.drop_all(engine)


if __name__ == "__main__":
    main()
