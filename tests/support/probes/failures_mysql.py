"""Failures of MySQL and MariaDB, as `failures_postgresql.py` has those of PostgreSQL."""

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
    *(1020, 1021, 1030, 1037, 1040, 1041, 1044, 1045, 1048, 1049, 1053, 1054, 1062, 1064, 1114),
    *(1142, 1146, 1203, 1205, 1213, 1226, 1264, 1290, 1292, 1317, 1364, 1365, 1366, 1406, 1451),
    *(1452, 1690, 1698, 1792, 1836, 1969, 3024, 3572, 3819, 3988, 4025),
]
"""Numbers of errors that a statement of ours raises, as the server would."""


async def main() -> None:
    """Provoke them all, and print what each of them means as a JSON object."""
    settings = Settings(db_pool_size=3, db_prewarm=0)
    found: dict[str, str] = {}
    async with open_engine(settings) as engine:
        await _prepare(engine)
        for code in RAISED:
            raised = f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}"
            found[str(code)] = await outcome(engine, executing(raised))
        for name, provoke in _statements().items():
            found[name] = await outcome(engine, provoke)
        found["deadlock"] = await _deadlock(engine)
        for name, (statements, parts) in _refusals(settings).items():
            async with engine.begin() as own:
                for statement in statements:
                    await own.execute(text(statement))
            url = settings.sqlalchemy_url.set(**parts).render_as_string(hide_password=False)
            other = settings.model_copy(update={"database_url": SecretStr(url)})
            async with open_engine(other) as refused:
                found[f"connect: {name}"] = await outcome(refused, executing("SELECT 1"))
                found[f"connect: {name}, again"] = await outcome(refused, executing("SELECT 1"))
    print(json.dumps(found))


async def _prepare(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        columns = "id integer PRIMARY KEY, small smallint CHECK (small < 9), word varchar(9)"
        narrow = "latin varchar(9) CHARACTER SET latin1, bmp varchar(9) CHARACTER SET utf8mb3"
        await connection.execute(text(f"CREATE TABLE thing ({columns}, {narrow})"))
        await connection.execute(text("INSERT INTO thing (id) VALUES (1), (2)"))


def _statements() -> dict[str, Provoke]:
    insert = "INSERT INTO thing (id, small, word) VALUES (:id, :small, :word)"
    return {
        "a table that is not there": executing("SELECT * FROM nowhere"),
        "bad SQL": executing("SELEC 1"),
        "taken": executing(insert, id=1, small=1, word="a"),
        "checked": executing(insert, id=3, small=9, word="a"),
        "too long": executing(insert, id=3, small=1, word="a" * 10),
        "out of range": executing(insert, id=3, small=100_000, word="a"),
        "half a character": executing(insert, id=3, small=1, word="\ud800"),
        "not in latin1": executing("UPDATE thing SET latin = :it", it="日"),
        "not in utf8mb3": executing("UPDATE thing SET bmp = :it", it="🏭"),
        "1792, really": in_turn("COMMIT", "START TRANSACTION READ ONLY", "DELETE FROM thing"),
        "a statement that takes too long": in_turn(
            "SET SESSION max_statement_time = 0.05", "SELECT sleep(9) FROM thing"
        ),
        "ended by an administrator": executing("KILL CONNECTION_ID()"),
    }


async def _deadlock(engine: AsyncEngine) -> str:
    both_hold_one = asyncio.Barrier(2)

    async def update(first: int, then: int) -> str:
        async def provoke(connection: AsyncConnection) -> None:
            lock = text("SELECT 1 FROM thing WHERE id = :id FOR UPDATE")
            await connection.execute(lock, {"id": first})
            await both_hold_one.wait()
            await connection.execute(lock, {"id": then})

        return await outcome(engine, provoke)

    one, other = await asyncio.gather(update(1, 2), update(2, 1))
    return one if other == "nothing" else other


def _refusals(settings: Settings) -> dict[str, tuple[list[str], dict[str, Any]]]:
    database = settings.sqlalchemy_url.database
    user = f"limited_{database}"[:40]
    is_user = {"username": user, "password": "x"}
    return {
        "a database that is not there": ([], {"database": f"closed_{database}"}),
        "a user that is not there": ([], is_user),
        "no right to the database": ([f"CREATE USER {user} IDENTIFIED BY 'x'"], is_user),
        "a wrong password": (
            [f"GRANT ALL ON {database}.* TO {user}"],
            is_user | {"password": "y"},
        ),
        "an account that is locked": ([f"ALTER USER {user} ACCOUNT LOCK"], is_user),
        "gone": ([f"DROP USER {user}"], is_user),
    }


if __name__ == "__main__":
    run(main())
