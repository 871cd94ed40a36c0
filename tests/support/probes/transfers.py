"""Run by a project's Python: transfers between accounts, by many at once, and what comes of them.

Prints as JSON what `Books` in test_retries.py has. Its arguments: the number of transfers, how many
clients make them, "retried" or "plain", and the seed.
"""

# ruff: noqa: I001  (the policy comes first)
# Policy first: the event loop is chosen before anything imports a database driver.
from app import event_loop

import asyncio
import json
import random
import sys
from collections import Counter
from contextlib import nullcontext
from functools import partial

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver
from app.kit.db.engine import open_engine
from app.kit.db.error_codes import code_of
from app.kit.db.retries import retry
from app.kit.db.session import create_sessions
from app.settings import Settings

ACCOUNTS, START = 10, 100
COLUMNS = "source integer NOT NULL, target integer NOT NULL, amount integer NOT NULL"
TABLES = [
    "DROP TABLE IF EXISTS ledger",
    "DROP TABLE IF EXISTS accounts",
    "CREATE TABLE accounts (id integer PRIMARY KEY, balance integer NOT NULL)",
    f"CREATE TABLE ledger (number integer PRIMARY KEY, {COLUMNS})",
]
OPEN = text("INSERT INTO accounts VALUES (:id, :balance)")
BALANCES = text("SELECT id, balance FROM accounts ORDER BY id")
OF_TWO = text("SELECT id, balance FROM accounts WHERE id IN (:source, :target)")
SET = text("UPDATE accounts SET balance = :balance WHERE id = :id")
NOTE = text("INSERT INTO ledger VALUES (:number, :source, :target, :amount)")


async def main(number: int, clients: int, kind: str, seed: int) -> None:
    """Make the transfers, and print what came of them."""
    dice = random.Random(seed)  # noqa: S311  is to be the same each time
    done: list[int] = []
    failed: Counter[str] = Counter()
    attempts = 0

    async def transfer(session: AsyncSession, number: int) -> int:
        nonlocal attempts
        attempts += 1
        source, target = dice.sample(range(1, ACCOUNTS + 1), 2)
        amount = dice.randint(1, 9)
        await session.connection(execution_options=driver.SERIALIZABLE_OPTIONS)
        # What is written follows from what was read: of two at once, one would be lost.
        found = await session.execute(OF_TWO, {"source": source, "target": target})
        balances = {row.id: row.balance for row in found}
        # Half of them in a savepoint, which a deadlock ends with its transaction on MySQL.
        async with session.begin_nested() if number % 2 else nullcontext():
            await session.execute(SET, {"id": source, "balance": balances[source] - amount})
            await session.execute(SET, {"id": target, "balance": balances[target] + amount})
        note = {"number": number, "source": source, "target": target, "amount": amount}
        await session.execute(NOTE, note)
        return number

    async def client(numbers: list[int]) -> None:
        while numbers:
            unit = partial(transfer, number=numbers.pop())
            try:
                if kind == "retried":
                    # More often than usual: they meet all the time, and all are to be done.
                    done.append(await retry(sessions.write, unit, attempts=100, within=120))
                else:
                    async with sessions.write.begin() as session:
                        made = await unit(session)
                    done.append(made)
            except DBAPIError as error:
                lost = "lost" if error.connection_invalidated else ""
                failed[str(lost or code_of(error.orig))] += 1

    async with open_engine(Settings()) as engine:
        async with engine.begin() as connection:
            for statement in TABLES:
                await connection.execute(text(statement))
            rows = [{"id": it, "balance": START} for it in range(1, ACCOUNTS + 1)]
            await connection.execute(OPEN, rows)
        sessions = create_sessions(engine)
        numbers = list(range(number))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(client(numbers))
        async with sessions.read() as session:
            ledger = await session.execute(text("SELECT * FROM ledger ORDER BY number"))
            balances = await session.execute(BALANCES)
    books = {
        "done": sorted(done),
        "failed": failed,
        "attempts": attempts,
        "ledger": [list(row) for row in ledger],
        "balances": [balance for _, balance in balances],
    }
    print(json.dumps(books))


if __name__ == "__main__":
    event_loop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
