"""Events of an async engine and an async session, and a log of slow queries.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import logging
import time
from typing import Any

from sqlalchemy import String, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

logger = logging.getLogger("slow_queries")
SLOW = 0.1
SLEEP = {
    "postgresql": "SELECT pg_sleep(0.2)",
    "mysql": "SELECT sleep(0.2)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    " SELECT max(i) FROM n",
}


def log_slow_queries(engine: AsyncEngine, *, threshold: float) -> None:
    """Log each statement that takes `threshold` seconds or more, without its values."""

    def start(
        _connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, *_: Any
    ) -> None:
        context.started = time.perf_counter()

    def end(_connection: Any, _cursor: Any, sql: str, _values: Any, context: Any, *_: Any) -> None:
        seconds = time.perf_counter() - context.started
        if seconds >= threshold:
            logger.warning("%.1f s: %s", seconds, sql)

    event.listen(engine.sync_engine, "before_cursor_execute", start)
    event.listen(engine.sync_engine, "after_cursor_execute", end)


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "cookbook_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(100))
    author: Mapped[str | None] = mapped_column(String(100))


class SignedSession(Session):
    """A session that writes down who adds a note: `session.info["user"]`."""


@event.listens_for(SignedSession, "before_flush")
def sign(session: Session, _context: object, _instances: object) -> None:
    for note in session.new:
        if isinstance(note, Note):
            note.author = session.info["user"]


async def main() -> None:
    logging.basicConfig(format="%(message)s")
    async with open_engine(load_settings(Settings)) as engine:
        log_slow_queries(engine, threshold=SLOW)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.execute(text(SLEEP[engine.dialect.name]))
        sessions = async_sessionmaker(engine, sync_session_class=SignedSession)
        async with sessions.begin() as session:
            session.sync_session.info["user"] = "ada"
            note = Note(words="Nobody has to think of it.")
            session.add(note)
            await session.flush()
            print("signed by", note.author)
            # Of this session alone.
            event.listen(session.sync_session, "after_commit", lambda _session: print("committed"))
        for wrong in (engine, AsyncSession):
            try:
                event.listen(wrong, "before_commit", print)
            except Exception as error:  # noqa: BLE001  shown, whatever it is
                print(f"{type(error).__name__}: {error}")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
