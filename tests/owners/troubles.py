"""Run in a project: mistakes that owners make, each for real, and the words that come of it.

Prints them as JSON, by the headings of `docs/troubleshooting.md`. Engines are plain ones, as in an
owner's script, where the project's own does not let it come to that.
"""

from app import event_loop

import asyncio
import contextlib
import gc
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from app.kit.db.engine import open_engine
from app.kit.db.settings import DIALECT
from app.settings import Settings

DATABASE, _, DRIVER = DIALECT.partition("+")
URL = Settings().sqlalchemy_url
SLEEP = {"postgresql": "SELECT pg_sleep(0.3)", "mysql": "SELECT sleep(0.3)"}.get(DATABASE, "")
VERSIONS = Path("migrations/versions")
CASES: dict[str, Callable[[], Any]] = {}


def says(heading: str, *, when: bool = True) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Note what is to be said, if it concerns this project's driver."""

    def note(case: Callable[[], Any]) -> Callable[[], Any]:
        if when:
            CASES[heading] = case
        return case

    return note


def plain(**options: Any) -> AsyncEngine:
    return create_async_engine(URL, **options)


async def ask(engine: AsyncEngine, statement: str = "SELECT 42") -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text(statement))


def without(package: str, code: str) -> str:
    """Return what Python prints for `code` where a package is not installed."""
    with tempfile.TemporaryDirectory() as name:
        there = [Path(it) for it in sys.path if it.endswith("site-packages")]
        for path in (it for folder in there for it in folder.iterdir()):
            if path.stem.partition(".")[0] not in {package, f"_{package}"}:
                with contextlib.suppress(FileExistsError):
                    (Path(name) / path.name).symlink_to(path)
        env = os.environ | {"PYTHONPATH": name, "DATABASE_URL": str(Settings().database_url)}
        command = [sys.executable, "-S", "-c", code]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stderr


def make(url: str) -> str:
    return f"from sqlalchemy.ext.asyncio import create_async_engine as c; c('{url}').connect()"


says(f"No module named '{DRIVER}'")(lambda: without(DRIVER, make(f"{DIALECT}://h/d")))
says("No module named 'psycopg'", when=DRIVER == "asyncpg")(
    lambda: without("psycopg", make("postgresql://h/d"))
)
says("No module named 'MySQLdb'", when=DATABASE == "mysql")(
    partial(create_async_engine, "mysql://h/d")
)
says("No module named 'greenlet'")(
    lambda: without(
        "greenlet",
        "import asyncio, sqlalchemy.ext.asyncio as a\n"
        "async def main():\n"
        f"    async with a.create_async_engine('{DIALECT}://h/d').connect(): pass\n"
        "asyncio.run(main())",
    )
)
says("Could not parse SQLAlchemy URL")(lambda: create_async_engine(os.environ.get("UNSET", "")))
says("The asyncio extension requires an async driver")(partial(create_async_engine, "sqlite://"))


@says("greenlet_spawn has not been called")
def ask_without_await() -> None:
    plain().sync_engine.connect()


class Base(DeclarativeBase):
    """Not the project's."""


class Parent(Base):
    __tablename__ = "troubled_parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    children: Mapped[list["Child"]] = relationship(lazy="raise")


class Child(Base):
    __tablename__ = "troubled_children"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent: Mapped[int] = mapped_column(ForeignKey("troubled_parents.id"))


@says("is not available due to lazy='raise'")
async def unloaded() -> None:
    engine = plain()
    async with engine.connect() as connection, AsyncSession(connection) as session:
        await connection.run_sync(Base.metadata.create_all)
        session.add(Parent(id=1))
        await session.flush()
        session.expunge_all()
        try:
            _ = (await session.get_one(Parent, 1)).children
        finally:
            await session.rollback()
            await connection.run_sync(Base.metadata.drop_all)
            await connection.commit()


@says("this would cause an unexpected state change")
async def share_a_session() -> None:
    async with AsyncSession(plain()) as session:
        await asyncio.gather(*(session.execute(text("SELECT 1")) for _ in range(3)))


@says("another operation is in progress", when=DRIVER == "asyncpg")
async def share_a_connection() -> None:
    async with plain().connect() as connection:
        own: Any = (await connection.get_raw_connection()).driver_connection
        await asyncio.gather(own.fetch(SLEEP), own.fetch(SLEEP))


@says("attached to a different loop", when=DRIVER in {"asyncpg", "asyncmy", "aiomysql"})
def share_an_engine() -> None:
    engine = plain()
    for _ in range(2):
        asyncio.run(ask(engine))


@says("Event loop is closed")
def keep_a_loop() -> None:
    loop = event_loop.new_event_loop()
    loop.close()
    loop.run_until_complete(asyncio.sleep(0))


@says("event loop is already running")
async def run_within() -> None:
    asyncio.get_running_loop().run_until_complete(asyncio.sleep(0))


@says("asyncio.run() cannot be called from a running event loop")
async def run_again() -> None:
    asyncio.run(asyncio.sleep(0))


REFUSED = {
    # On uvloop.
    "asyncpg": "Connection refused",
    "psycopg": "Connection refused",
    "asyncmy": "Can't connect to MySQL server on",
    "aiomysql": "Can't connect to MySQL server on",
}
CUT = {
    "asyncpg": "connection was closed in the middle of operation",
    "psycopg": "server closed the connection unexpectedly",
    "asyncmy": "Lost connection to MySQL server during query",
    "aiomysql": "Lost connection to MySQL server during query",
}


@says(REFUSED.get(DRIVER, ""), when=DRIVER in REFUSED)
async def nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    await ask(create_async_engine(URL.set(port=port)))


@says("Connect call failed", when=DRIVER == "asyncpg")
def nobody_listens_without_uvloop() -> None:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(nobody_listens())


@says(CUT.get(DRIVER, ""), when=DRIVER in CUT)
async def cut_the_line() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        there, to_there = await asyncio.open_connection(URL.host, URL.port)
        writers.append(to_there)

        async def pump(a: asyncio.StreamReader, b: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await a.read(65536):
                    b.write(data)

        await asyncio.gather(pump(reader, to_there), pump(there, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        engine = create_async_engine(URL.set(port=server.sockets[0].getsockname()[1]))
        async with engine.connect() as connection:
            task = asyncio.create_task(connection.execute(text(SLEEP)))
            await asyncio.sleep(0.1)
            for writer in writers:
                writer.transport.abort()
            await task


ENDED = {
    "asyncpg": "connection is closed",
    "psycopg": "terminating connection due to administrator command",
}


@says(ENDED.get(DRIVER, ""), when=DRIVER in ENDED)
async def ended_at_rest() -> None:
    engine = plain()
    async with engine.connect() as connection:
        process = await connection.scalar(text("SELECT pg_backend_pid()"))
        await ask(engine, f"SELECT pg_terminate_backend({process}, 1000)")
        await connection.execute(text("SELECT 1"))


UNENCRYPTED = {
    "asyncpg": "rejected SSL upgrade",
    "psycopg": "server does not support SSL, but SSL was required",
}


@says(UNENCRYPTED.get(DRIVER, ""), when=DRIVER in UNENCRYPTED)
async def ask_for_tls() -> None:
    options = {"ssl": "require"} if DRIVER == "asyncpg" else {"sslmode": "require"}
    await ask(plain(connect_args=options))


@says("SSL: WRONG_VERSION_NUMBER", when=DATABASE != "sqlite")
async def speak_tls_to_plain_http() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        await asyncio.open_connection("127.0.0.1", port, ssl=ssl.create_default_context())


FULL = {"postgresql": "too many clients already", "mysql": "Too many connections"}


@says(FULL.get(DATABASE, ""), when=DATABASE in FULL)
def take_them_all() -> None:
    # On uvloop asyncmy is too late to read why the server has closed the connection, now and then.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(connect_for_ever())


async def connect_for_ever() -> None:
    engine = plain(pool_size=1000)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        while True:
            await stack.enter_async_context(engine.connect())


@says("database is locked", when=DATABASE == "sqlite")
async def two_writers() -> None:
    engine = plain(connect_args={"timeout": 0.1})
    async with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            await connection.exec_driver_sql("BEGIN IMMEDIATE")


@says("QueuePool limit of size")
async def wait_for_a_connection() -> None:
    engine = plain(pool_size=1, max_overflow=0, pool_timeout=0.1)
    async with engine.connect(), engine.connect():
        pass


@says("the pool had no connection to spare")
async def wait_for_a_connection_of_the_service() -> None:
    settings = Settings(db_pool_size=1, db_max_overflow=0, db_pool_timeout=0.1, db_prewarm=0)
    async with open_engine(settings) as engine, engine.connect(), engine.connect():
        pass


PREPARED = "SELECT * FROM troubled"
OUTDATED = {
    "asyncpg": "cached statement plan is invalid due to a database schema or configuration change",
    "psycopg": "cached plan must not change result type",
}


@says(OUTDATED.get(DRIVER, ""), when=DRIVER in OUTDATED)
async def migrate_meanwhile() -> None:
    engine = plain()
    try:
        async with engine.begin() as other:
            await other.execute(text("CREATE TABLE troubled (a integer)"))
        async with engine.connect() as connection:
            for _ in range(8):
                await connection.execute(text(PREPARED))
            await connection.commit()
            async with engine.begin() as other:
                await other.execute(text("ALTER TABLE troubled ADD COLUMN b integer"))
            await connection.execute(text(PREPARED))
    finally:
        async with engine.begin() as other:
            await other.execute(text("DROP TABLE troubled"))


OUTSIDE = {
    "asyncpg": "cursor cannot be created outside of a transaction",
    "psycopg": "DECLARE CURSOR can only be used in transaction blocks",
}


@says(OUTSIDE.get(DRIVER, ""), when=DRIVER in OUTSIDE)
async def stream_without_a_transaction() -> None:
    async with plain(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.stream(text("SELECT 1"))


@says("can't subtract offset-naive and offset-aware datetimes", when=DRIVER == "asyncpg")
async def mix_time_zones() -> None:
    async with plain().connect() as connection:
        moment = {"moment": datetime.now(UTC)}
        await connection.scalar(text("SELECT CAST(:moment AS timestamp)"), moment)


FORGOTTEN = {"asyncpg": "__asyncpg_stmt_", "psycopg": "_pg3_"}


@says(f'prepared statement "{FORGOTTEN.get(DRIVER)}', when=DRIVER in FORGOTTEN)
async def get_another_s_connection() -> None:
    # A process of the server that does not know the statement, as behind PgBouncer.
    async with plain(isolation_level="AUTOCOMMIT").connect() as connection:
        for _ in range(8):
            await connection.execute(text("SELECT 1"))
        await connection.exec_driver_sql("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
        await connection.execute(text("SELECT 1"))


def alembic(*arguments: str) -> str:
    command = [sys.executable, "-m", "alembic", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@contextlib.contextmanager
def migrations(*names: str) -> Iterator[None]:
    """Add migrations that do nothing behind the last one."""
    last = alembic("heads").split()[0]
    files = [VERSIONS / f"{name}.py" for name in names]
    for file in files:
        file.write_text(
            f'revision = "{file.stem}"\ndown_revision = "{last}"\nbranch_labels = None\n'
            "depends_on = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
            encoding="utf-8",
        )
    try:
        yield
    finally:
        for file in files:
            file.unlink()


@says("Target database is not up to date")
def revise_too_early() -> str:
    with migrations("troubled_one"):
        return alembic("revision", "--autogenerate", "-m", "More")


@says("The migrations have several heads")
def merge_branches() -> str:
    with migrations("troubled_one", "troubled_two"):
        return alembic("upgrade", "head")


@says("Multiple head revisions are present")
def show_both() -> str:
    with migrations("troubled_one", "troubled_two"):
        return alembic("show", "head")


@says("Multiple heads are present")
def revise_behind_both() -> str:
    with migrations("troubled_one", "troubled_two"):
        return alembic("revision", "-m", "More")


@says("Can't locate revision identified by")
def lose_a_migration() -> str:
    with migrations("troubled_one"):
        alembic("upgrade", "head")
    said = alembic("upgrade", "head")
    with migrations("troubled_one"):
        alembic("downgrade", "-1")
    return said


def words_of(case: Callable[[], Any]) -> str:
    """Return what a case returns, or what is printed of its error."""
    try:
        result = case()
        if isinstance(result, Coroutine):
            result = event_loop.run(result)
    except Exception as error:  # noqa: BLE001  whatever it is
        return "".join(traceback.format_exception(error))
    return str(result)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    told = {}
    for name, case in CASES.items():
        told[name] = words_of(case)
        gc.collect()
    print(json.dumps(told))
