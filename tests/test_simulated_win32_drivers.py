"""Which drivers need the selector loop: each on both loops of a simulated Windows.

The default loop's stand-in raises NotImplementedError from `add_reader` and `add_writer`, as
the real one does: who gets an answer there needs neither. `simulated_win32/sitecustomize.py`
says what is simulated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pytest
from support.bake import ANSWERS
from support.databases.real import mariadb
from support.databases.stub_mongodb import stub_mongodb
from support.documents import rows
from support.windows.simulated import SELECTOR, simulated
from support.windows.workbench import Workbench, on_workbench

PAGE = "docs/event-loop.md"
PROACTOR = "ProactorEventLoop"
HEADER = "from app import event_loop\n"
MAIN = "\nimport asyncio\nprint('answer', asyncio.run(query()))"
MYSQL = """
import os
from urllib.parse import urlsplit
url = urlsplit(os.environ["MARIADB_URL"])
where = dict(host=url.hostname, port=url.port, user=url.username, password=url.password or "")
"""
PING = """(os.environ["MONGODB_URL"], server_api=ServerApi("1"))
    return (await client.admin.command("ping"))["answer"]
"""

Need = Literal["required", "not needed", "no loop"]


@dataclass(frozen=True)
class Driver:
    """A driver, and code that gets 42 from it."""

    need: Need
    code: str


DRIVERS = {
    "psycopg": Driver(
        "required",
        """
import os, psycopg
async def query():
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as connection:
        return (await (await connection.execute("SELECT 42")).fetchone())[0]
""",
    ),
    "aiopg": Driver(
        "required",
        """
import os, aiopg
async def query():
    async with aiopg.create_pool(os.environ["DATABASE_URL"]) as pool, pool.acquire() as connection:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT 42")
            return (await cursor.fetchone())[0]
""",
    ),
    "asyncpg": Driver(
        "not needed",
        """
import os, asyncpg
async def query():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    try:
        return await connection.fetchval("SELECT 42")
    finally:
        await connection.close()
""",
    ),
    "aiosqlite": Driver(
        "not needed",
        """
import aiosqlite
async def query():
    async with aiosqlite.connect(":memory:") as connection:
        return (await (await connection.execute("SELECT 42")).fetchone())[0]
""",
    ),
    "asyncmy": Driver(
        "not needed",
        f"""
import asyncmy
{MYSQL}
async def query():
    async with asyncmy.connect(**where) as connection, connection.cursor() as cursor:
        await cursor.execute("SELECT 42")
        return (await cursor.fetchone())[0]
""",
    ),
    "aiomysql": Driver(
        "not needed",
        f"""
import aiomysql
{MYSQL}
async def query():
    async with aiomysql.connect(**where) as connection, connection.cursor() as cursor:
        await cursor.execute("SELECT 42")
        return (await cursor.fetchone())[0]
""",
    ),
    "PyMongo": Driver(
        "not needed",
        f"""
import os
from pymongo import AsyncMongoClient
from pymongo.server_api import ServerApi
async def query():
    client = AsyncMongoClient{PING}
""",
    ),
    "Motor": Driver(
        "not needed",
        f"""
import os
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.server_api import ServerApi
async def query():
    client = AsyncIOMotorClient{PING}
""",
    ),
    "aioodbc": Driver(
        "not needed",
        """
import aioodbc
async def query():
    async with aioodbc.connect(dsn="Driver=SQLite3;Database=:memory:") as connection:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT 42")
            return (await cursor.fetchone())[0]
""",
    ),
    # There is no Oracle here: it gets as far as a server that hangs up.
    "oracledb": Driver(
        "not needed",
        """
import asyncio, oracledb
async def hang_up(reader, writer):
    await reader.read(1)
    writer.close()
async def query():
    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        try:
            await oracledb.connect_async(user="it", password="it", host="127.0.0.1", port=port)
        except oracledb.OperationalError as error:
            return 42 if "the database or network closed the connection" in str(error) else error
""",
    ),
    "psycopg2": Driver(
        "no loop",
        """
import os, psycopg2
async def query():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42")
            return cursor.fetchone()[0]
""",
    ),
    "sqlite3": Driver(
        "no loop",
        """
import sqlite3
async def query():
    return sqlite3.connect(":memory:").execute("SELECT 42").fetchone()[0]
""",
    ),
}

pytestmark = [pytest.mark.projects, simulated, on_workbench]


@pytest.mark.parametrize("loop", [PROACTOR, SELECTOR])
@pytest.mark.parametrize("driver", DRIVERS)
def test_simulated_win32_driver(workbench: Workbench, driver: str, loop: str) -> None:
    """With the header each driver answers; without, those that need no selector loop."""
    code = (HEADER if loop == SELECTOR else "") + DRIVERS[driver].code + MAIN
    workbench.windows.report.unlink(missing_ok=True)
    with stub_mongodb() as mongodb:
        if "MARIADB_URL" in code:
            with mariadb() as url:
                done = workbench.run(code, MONGODB_URL=mongodb, MARIADB_URL=url)
        else:
            done = workbench.run(code, MONGODB_URL=mongodb)
    if driver == "aioodbc" and re.search("ImportError: lib|Can.t open lib", done.stderr):
        pytest.skip("there is no ODBC here: install Debian's libodbc2 and libsqliteodbc")
    if loop == PROACTOR and DRIVERS[driver].need == "required":
        assert "NotImplementedError" in done.stderr or "Psycopg cannot use" in done.stderr
    else:
        assert done.stdout == "answer 42\n", done.stderr
    assert workbench.windows.loops() == {loop}


BESIDE = """
from app import event_loop

import asyncio, os, aiopg
from app.kit.db.engine import open_engine
from app.settings import Settings
from pymongo import AsyncMongoClient
from pymongo.server_api import ServerApi
from sqlalchemy import text

async def main():
    url = os.environ["DATABASE_URL"]
    client = AsyncMongoClient(os.environ["MONGODB_URL"], server_api=ServerApi("1"))
    async with open_engine(Settings()) as engine, engine.connect() as orm, client:
        print("SQLAlchemy", await orm.scalar(text("SELECT 42")))
        async with aiopg.connect(url) as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT 42")
            print("aiopg", *await cursor.fetchone())
        print("PyMongo", (await client.admin.command("ping"))["answer"])

RUN(main())
"""


@pytest.mark.parametrize("run", ["event_loop.run", "asyncio.run"])
def test_simulated_win32_header_serves_what_stands_beside_the_orm(
    workbench: Workbench, run: str
) -> None:
    workbench.windows.report.unlink(missing_ok=True)
    with stub_mongodb() as mongodb:
        done = workbench.run(BESIDE.replace("RUN", run), MONGODB_URL=mongodb)
    assert done.stdout == "SQLAlchemy 42\naiopg 42\nPyMongo 42\n", done.stderr
    assert workbench.windows.loops() == {SELECTOR}


def test_the_page_says_what_these_tests_find() -> None:
    said = {driver: need for driver, need, *_ in rows(PAGE, "driver")}
    assert said == {name: driver.need for name, driver in DRIVERS.items()}


def test_the_answers_say_what_these_tests_find() -> None:
    for driver, facts in ANSWERS["_drivers"].items():
        assert (DRIVERS[driver].need == "required") == facts["needs_selector"]
