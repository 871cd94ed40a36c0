"""What only this database can be made to do, and mistakes that only its URL can have."""

import socket
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from app.settings import Settings

DOOMED = 503
"""What is answered when the COMMIT of a session that `doom` has seen fails."""


async def doom(session: AsyncSession) -> None:
    """Do what passes until COMMIT, which then fails: nothing is checked so late here."""
    assert isinstance(session.bind, AsyncEngine)
    connection = await session.connection()
    await kill(session.bind, await connection.scalar(text("SELECT CONNECTION_ID()")))


async def kill(engine: AsyncEngine, id_: int) -> None:
    """End the server's side of a connection."""
    remains = text("SELECT count(*) FROM information_schema.processlist WHERE id = :id")
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"KILL {id_}")
        while await connection.scalar(remains, {"id": id_}):
            pass


def contend(session: Session) -> None:
    """Fail as one of two transactions does that wait for each other."""
    session.execute(text("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"))


def unreachable(settings: Settings) -> Settings:
    """Return `settings` for a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    url = settings.sqlalchemy_url.set(host="127.0.0.1", port=port)
    return Settings(database_url=url.render_as_string(hide_password=False))


def _with(settings: Settings, **parts: Any) -> str:
    return settings.sqlalchemy_url.set(**parts).render_as_string(hide_password=False)


# A setting for DATABASE_URL, and what the sentence about it must name.
MISTAKES: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "user": lambda settings: (_with(settings, username="nobody_here"), "nobody_here"),
    "database": lambda settings: (_with(settings, database="nothing_here"), "nothing_here"),
    "host": lambda settings: (_with(settings, host="nowhere.invalid"), "nowhere.invalid"),
}
