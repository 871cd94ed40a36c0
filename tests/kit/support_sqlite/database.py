"""What only this database can be made to do, and mistakes that only its URL can have."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.settings import Settings

DOOMED = 409
"""What is answered when the COMMIT of a session that `doom` has seen fails."""

_FAIL_AT_COMMIT = [
    "PRAGMA defer_foreign_keys = ON",
    "INSERT INTO customers VALUES (1, -1, 'x', 'x@y', 'active', 0, '')",
]


async def doom(session: AsyncSession) -> None:
    """Do what passes until COMMIT, which then fails."""
    connection = await session.connection()
    for statement in _FAIL_AT_COMMIT:
        await connection.exec_driver_sql(statement)


def contend(session: Session) -> None:
    """Fail as somebody does who can't have the lock that `session` holds."""
    mine = session.get_bind()
    assert isinstance(mine, Engine)
    other = create_engine(mine.url.set(drivername="sqlite"), connect_args={"timeout": 0})
    try:
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        other.dispose()


def unreachable(settings: Settings) -> Settings:
    """Return `settings` for a file in a folder that is not there."""
    path = Path(settings.sqlalchemy_url.database or "", "missing", "test.db")
    return Settings(database_url=f"sqlite:///{path.as_posix()}")


# A setting for DATABASE_URL, and what the sentence about it must name.
MISTAKES: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "a file of another kind": lambda _: (f"sqlite:///{Path(__file__).as_posix()}", "not a SQLite"),
    "a folder": lambda _: (f"sqlite:///{Path(__file__).parent.as_posix()}", "can't be opened"),
}
