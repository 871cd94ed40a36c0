"""Fill the database with as much data as you want to test with."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import argparse
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

from rich.progress import track
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.companies.model import Company
from app.customers.model import Customer, Stage
from app.kit.commands.command_error import exit_on_command_error
from app.kit.commands.preflight import ready_engine
from app.kit.commands.settings import load_settings
from app.kit.db.base import Base
from app.kit.db.bulk import bulk_insert
from app.kit.db.types import utc_now
from app.settings import Settings

BATCH = 10_000
INDUSTRIES = ["Energy", "Finance", "Health", "Logistics", "Publishing", "Textiles"]

Row = tuple[Any, ...]


async def create_test_data(connection: AsyncConnection, *, companies: int, customers: int) -> None:
    """Add so many companies and customers, and show how far it is."""
    # Tells this run's companies, whose names must be unique, from those of others.
    now, prefix, stages = utc_now(), f"Test company {uuid4().hex}", [*Stage]

    async def add(model: type[Base], columns: str, row: Callable[[int], Row], count: int) -> None:
        table = Base.metadata.tables[model.__tablename__]
        for start in track(range(0, count, BATCH), table.name):
            rows = map(row, range(start, min(start + BATCH, count)))
            await bulk_insert(connection, table, columns.split(), rows)

    def company(number: int) -> Row:
        return f"{prefix} {number}", INDUSTRIES[number % len(INDUSTRIES)], now, now

    await add(Company, "name industry created_at updated_at", company, companies)
    query = select(Company.id).where(Company.name.startswith(prefix)).order_by(Company.id)
    ids = (await connection.scalars(query)).all()

    def customer(number: int) -> Row:
        texts = f"Test customer {number}", f"customer{number}@example.com"
        stage, credit = stages[number % len(stages)], Decimal(number % 10_000)
        return ids[number % len(ids)], *texts, stage, credit, now

    await add(Customer, "company_id name email stage credit created_at", customer, customers)


async def main(*, companies: int, customers: int) -> None:
    """Fill the configured database in one transaction; raises CommandError if it is not ready."""
    async with ready_engine(load_settings(Settings)) as engine, engine.begin() as connection:
        await create_test_data(connection, companies=companies, customers=customers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=1_000, metavar="N")
    parser.add_argument("--customers", type=int, default=10_000, metavar="M")
    arguments = parser.parse_args()
    if arguments.companies < 1 or arguments.customers < 0:
        parser.error("--companies takes a number from 1 on, --customers one from 0 on")
    return arguments


if __name__ == "__main__":
    with exit_on_command_error():
        run(main(**vars(_arguments())))
