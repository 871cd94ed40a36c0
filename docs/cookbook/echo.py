"""`echo`, what it prints, and one query seen without it.

Drivers: asyncpg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, column, event, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

secret = select(literal("hunter2").label("password"))
found: Select[Any] = select(column("x")).where(column("x") == "hunter2")


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage() + "\n"


@contextmanager
def printed(connection: AsyncConnection) -> Iterator[None]:
    """Print the statements of one connection, without their values."""

    def show(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        print("sent:", sql)

    event.listen(connection.sync_connection, "before_cursor_execute", show)
    yield
    event.remove(connection.sync_connection, "before_cursor_execute", show)


async def echoed(settings: Settings, **options: Any) -> str:
    """Return what `echo` writes into the log of the process."""
    lines = Lines()
    # Without a handler here, echo adds one that writes to standard output.
    log = logging.getLogger("sqlalchemy.engine.Engine")
    log.addHandler(lines)
    engine = create_async_engine(settings.sqlalchemy_url, echo=True, **options)
    async with engine.connect() as connection:
        await connection.execute(secret)
    await engine.dispose()
    log.removeHandler(lines)
    return lines.text


async def main() -> None:
    settings = load_settings(Settings)
    print("echo shows the password:", "hunter2" in await echoed(settings))
    print("with hide_parameters:", "hunter2" in await echoed(settings, hide_parameters=True))
    async with open_engine(settings) as engine:
        print("not sent:", " ".join(str(found.compile(engine.sync_engine)).split()))
        async with engine.connect() as connection:
            with printed(connection):
                await connection.execute(secret)
            await connection.execute(secret)


if __name__ == "__main__":
    run(main())
