"""Fill the database with as much data as you want to test with."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import argparse

from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.commands.command_error import CommandError, exit_on_command_error
from app.kit.commands.preflight import ready_engine
from app.kit.commands.settings import load_settings
from app.settings import Settings


async def create_test_data(_connection: AsyncConnection, *, rows: int) -> None:
    """Add so many rows, with `bulk_insert` (`app/kit/db/bulk.py`)."""
    raise CommandError(f"There is no table for {rows} rows yet: add them in create_test_data().")


async def main(*, rows: int) -> None:
    """Fill the configured database in one transaction; raises CommandError if it is not ready."""
    async with ready_engine(load_settings(Settings)) as engine, engine.begin() as connection:
        await create_test_data(connection, rows=rows)
    print(f"Added {rows} rows.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000, metavar="N")
    with exit_on_command_error():
        run(main(**vars(parser.parse_args())))
