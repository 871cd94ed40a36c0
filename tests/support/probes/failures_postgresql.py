"""Every failure of PostgreSQL that can be provoked, through a project's engine.

Run by a project's own Python, as a superuser's: it prints what each of them means as a JSON object.
"""

import asyncio
import json
from typing import Any

from app.event_loop import run
from app.kit.db.engine import open_engine
from app.settings import Settings
from provoking import Provoke, executing, in_turn, outcome
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

RAISED = [
    *("22001", "22003", "22007", "22012", "22021", "22P02", "22P05", "23000", "23502", "23503"),
    *("23505", "23514", "23P01", "25006", "25P03", "25P04", "26000", "28000", "28P01", "3D000"),
    *("40001", "40002", "40003", "40P01", "42501", "42601", "42703", "42P01", "53000", "53100"),
    *("53200", "53300", "53400", "54000", "55000", "55006", "55P03", "55P04", "57000", "57014"),
    *("57P01", "57P02", "57P03", "57P04", "57P05", "58000", "58030", "P0001", "XX000", "XX001"),
]
"""SQLSTATEs that a statement of ours raises, as the server would."""


async def main() -> None:
    """Provoke them all."""
    settings = Settings(db_pool_size=2, db_prewarm=0, db_lock_timeout=0.2)
    found: dict[str, str] = {}
    async with open_engine(settings) as engine:
        await _prepare(engine)
        for code in RAISED:
            raised = f"DO $$ BEGIN RAISE 'any' USING ERRCODE = '{code}'; END $$"
            found[code] = await outcome(engine, executing(raised))
        for name, provoke in _statements().items():
            found[name] = await outcome(engine, provoke)
        found["deadlock"] = await _deadlock(engine)
        found["conflicting updates"] = await _conflicting_updates(engine)
        for name, (statements, parts) in _refusals(settings).items():
            async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as own:
                for statement in statements:
                    await own.execute(text(statement))
            url = settings.sqlalchemy_url.set(**parts).render_as_string(hide_password=False)
            other = settings.model_copy(update={"database_url": SecretStr(url)})
            async with open_engine(other) as refused:
                found[f"connect: {name}"] = await outcome(refused, executing("SELECT 1"))
                # Not only the first time, when SQLAlchemy asks for the server's version.
                found[f"connect: {name}, again"] = await outcome(refused, executing("SELECT 1"))
        found["not in LATIN1"] = await _in_latin1(engine, settings, executing("SELECT '日'"))
    print(json.dumps(found))


async def _prepare(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE IF EXISTS thing"))
        columns = "id integer PRIMARY KEY, small smallint CHECK (small < 9), word varchar(9)"
        await connection.execute(text(f"CREATE TABLE thing ({columns})"))
        await connection.execute(text("INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b')"))


def _statements() -> dict[str, Provoke]:
    insert = "INSERT INTO thing (id, small, word) VALUES (:id, :small, :word)"
    return {
        "a table that is not there": executing("SELECT * FROM nowhere"),
        "bad SQL": executing("SELEC 1"),
        "division by zero": executing("SELECT 1 / 0"),
        "taken": executing(insert, id=1, small=1, word="a"),
        "checked": executing(insert, id=3, small=9, word="a"),
        "too long": executing(insert, id=3, small=1, word="a" * 10),
        "out of range": executing("INSERT INTO thing (id, small) VALUES (3, 100000)"),
        "a parameter out of range": executing(insert, id=3, small=100_000, word="a"),
        "a parameter of another type": executing(insert, id=3, small=[], word="a"),
        "half a character": executing(insert, id=3, small=1, word="\ud800"),
        "NUL": executing(insert, id=3, small=1, word="\x00"),
        "a statement that takes too long": in_turn(
            "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(60)"
        ),
        "25006, really": in_turn("SET TRANSACTION READ ONLY", "DELETE FROM thing"),
        "idle in a transaction": in_turn(
            "SET LOCAL idle_in_transaction_session_timeout = 50", None, "SELECT 1"
        ),
        "ended by an administrator": executing("SELECT pg_terminate_backend(pg_backend_pid())"),
        "cancelled by an administrator": in_turn(
            "SELECT pg_cancel_backend(pg_backend_pid())", "SELECT pg_sleep(1)"
        ),
        "too much temporary space": in_turn(
            "SET LOCAL work_mem = 64",
            "SET LOCAL temp_file_limit = 1",
            "SELECT count(*) FROM (SELECT * FROM generate_series(1, 500000) i ORDER BY -i) it",
        ),
    }


async def _deadlock(engine: AsyncEngine) -> str:
    both_hold_one = asyncio.Barrier(2)

    async def update(first: int, then: int) -> str:
        async def provoke(connection: AsyncConnection) -> None:
            await connection.execute(text("SET LOCAL lock_timeout = 0"))
            await connection.execute(text("SET LOCAL deadlock_timeout = 50"))
            lock = text("SELECT 1 FROM thing WHERE id = :id FOR UPDATE")
            await connection.execute(lock, {"id": first})
            await both_hold_one.wait()
            await connection.execute(lock, {"id": then})

        return await outcome(engine, provoke)

    one, other = await asyncio.gather(update(1, 2), update(2, 1))
    return one if other == "nothing" else other


async def _conflicting_updates(engine: AsyncEngine) -> str:
    serializable = engine.execution_options(isolation_level="SERIALIZABLE")
    update = text("UPDATE thing SET small = small + 1 WHERE id = 1")

    async def provoke(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT * FROM thing"))
        async with engine.begin() as other:
            await other.execute(update)
        await connection.execute(update)

    return await outcome(serializable, provoke)


async def _in_latin1(engine: AsyncEngine, settings: Settings, provoke: Provoke) -> str:
    name = f"latin1_{settings.sqlalchemy_url.database}"[:60]
    url = settings.sqlalchemy_url.set(database=name).render_as_string(hide_password=False)
    latin1 = settings.model_copy(update={"database_url": SecretStr(url)})
    options = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as own:
        await own.execute(text(f"CREATE DATABASE {name} {options}"))
        async with open_engine(latin1) as other:
            found = await outcome(other, provoke)
        await own.execute(text(f"DROP DATABASE {name}"))
    return found


def _refusals(settings: Settings) -> dict[str, tuple[list[str], dict[str, Any]]]:
    # What makes the server refuse us, and where we go then.
    role = f"limited_{settings.sqlalchemy_url.database}"[:60]
    closed = f"closed_{settings.sqlalchemy_url.database}"[:60]
    is_role, is_closed = {"username": role, "password": "x"}, {"database": closed}
    return {
        "a database that is not there": ([], is_closed),
        "a role that is not there": ([], is_role),
        "a role that may not log in": ([f"CREATE ROLE {role} NOLOGIN PASSWORD 'x'"], is_role),
        "too many of a role": ([f"ALTER ROLE {role} LOGIN CONNECTION LIMIT 0"], is_role),
        "no right to connect": (
            [
                f"ALTER ROLE {role} CONNECTION LIMIT -1",
                f"CREATE DATABASE {closed}",
                f"REVOKE CONNECT ON DATABASE {closed} FROM PUBLIC",
            ],
            is_role | is_closed,
        ),
        "too many of a database": (
            [
                f"GRANT CONNECT ON DATABASE {closed} TO {role}",
                f"ALTER DATABASE {closed} CONNECTION LIMIT 0",
            ],
            is_role | is_closed,
        ),
        "a database that takes nobody": (
            [f"ALTER DATABASE {closed} CONNECTION LIMIT -1 ALLOW_CONNECTIONS false"],
            is_closed,
        ),
        "gone": ([f"DROP DATABASE {closed}", f"DROP ROLE {role}"], is_closed),
    }


if __name__ == "__main__":
    run(main())
