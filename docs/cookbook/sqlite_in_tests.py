"""SQLite in the tests of a project for PostgreSQL: what passes there, and fails in production.

Drivers: asyncpg
Packages: aiosqlite
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Executable,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

metadata = MetaData()
owners = Table("cookbook_owners", metadata, Column("id", Integer, primary_key=True))
things = Table(
    "cookbook_things",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("cookbook_owners.id")),
    Column("name", String(3)),
    Column("price", Numeric(20, 2)),
    Column("made", DateTime(timezone=True)),
)


def stored(**values: Any) -> Executable:
    return insert(things).values(**values).returning(*(things.c[column] for column in values))


CASES: dict[str, Executable] = {
    "a name that is too long": stored(name="four"),
    "an owner that does not exist": stored(owner_id=7),
    "a text as a number": text(
        "INSERT INTO cookbook_things (owner_id) VALUES ('x') RETURNING owner_id"
    ),
    "a large amount": stored(price=Decimal("123456789012345678.91")),
    "a time in UTC": stored(made=datetime(2026, 1, 1, tzinfo=UTC)),
    "a column that is not grouped": text("SELECT id, count(*) FROM cookbook_things GROUP BY name"),
    "'A' LIKE 'a'": select(literal("A").like("a")),
    "a list": text("SELECT 1 = ANY(ARRAY[1])"),
}


async def outcome(engine: AsyncEngine, statement: Executable) -> str:
    try:
        async with engine.begin() as connection:
            row = (await connection.execute(statement)).first()
            return str(row[0]) if row else "nothing"
    except SQLAlchemyError as error:
        return type(error).__name__


async def main() -> None:
    async with open_engine(load_settings(Settings)) as postgresql:
        sqlite = create_async_engine("sqlite+aiosqlite://")
        for engine in (postgresql, sqlite):
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        for case, statement in CASES.items():
            there, here = await outcome(postgresql, statement), await outcome(sqlite, statement)
            print(f"{case}: {there} | {here}")
        for engine in (postgresql, sqlite):
            async with engine.begin() as connection:
                await connection.run_sync(metadata.drop_all)
        await sqlite.dispose()


if __name__ == "__main__":
    run(main())
