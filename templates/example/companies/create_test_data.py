"""Fill the database with as much data as you want to test with."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import argparse
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import uuid4

from rich.progress import Progress
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.companies.model import Company
from app.customers.model import Customer
from app.kit.commands.command_error import exit_on_command_error
from app.kit.commands.preflight import ready_engine
from app.kit.commands.settings import load_settings
from app.kit.db.base import Base
from app.kit.db.bulk import bulk_insert
from app.kit.db.types import utc_now
from app.settings import Settings

BATCH = 10_000
INDUSTRIES = ["Energy", "Finance", "Health", "Logistics", "Publishing", "Textiles"]

Rows = Iterator[Sequence[Any]]


async def create_test_data(
    connection: AsyncConnection,
    *,
    companies: int,
    customers: int,
    advance: Callable[[int], object] = lambda _rows: None,
) -> None:
    """Add so many companies and customers; `advance` gets the number of rows of each batch."""

    async def add(table: Table, columns: Sequence[str], rows: Rows) -> None:
        while batch := list(islice(rows, BATCH)):
            await bulk_insert(connection, table, columns, batch)
            advance(len(batch))

    tables = Base.metadata.tables
    # Tells this run's companies, whose names must be unique, from those of others.
    prefix = f"Test company {uuid4().hex}"
    columns = ["name", "industry", "created_at", "updated_at"]
    await add(tables[Company.__tablename__], columns, _companies(prefix, companies))
    query = select(Company.id).where(Company.name.startswith(prefix)).order_by(Company.id)
    ids = (await connection.scalars(query)).all()
    columns = ["company_id", "name", "email", "created_at"]
    await add(tables[Customer.__tablename__], columns, _customers(ids, customers))


def _companies(prefix: str, count: int) -> Rows:
    now = utc_now()
    for number in range(count):
        yield f"{prefix} {number}", INDUSTRIES[number % len(INDUSTRIES)], now, now


def _customers(company_ids: Sequence[int], count: int) -> Rows:
    now = utc_now()
    for number in range(count):
        company_id = company_ids[number % len(company_ids)]
        yield company_id, f"Test customer {number}", f"customer{number}@example.com", now


async def main(*, companies: int, customers: int) -> None:
    """Fill the configured database in one transaction; raises CommandError if it is not ready."""
    async with ready_engine(load_settings(Settings)) as engine, engine.begin() as connection:
        with Progress() as progress:
            task = progress.add_task("Rows", total=companies + customers)
            await create_test_data(
                connection,
                companies=companies,
                customers=customers,
                advance=lambda rows: progress.advance(task, rows),
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=1_000, metavar="N")
    parser.add_argument("--customers", type=int, default=10_000, metavar="M")
    arguments = parser.parse_args()
    if arguments.companies < 1 or arguments.customers < 0:
        parser.error("--companies takes a number from 1 on, --customers one from 0 on")
    return arguments


if __name__ == "__main__":
    arguments = _arguments()
    with exit_on_command_error():
        run(main(**vars(arguments)))
