"""asyncpg's own connection: a codec for a type of PostgreSQL, set on every new connection.

Drivers: asyncpg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings


class Money(NamedTuple):
    amount: Decimal
    currency: str


def use_money(engine: AsyncEngine) -> None:
    """Let asyncpg return the composite type `cookbook_money` as Money."""

    async def set_codec(connection: Any) -> None:
        await connection.set_type_codec(
            "cookbook_money",
            encoder=tuple,
            decoder=lambda fields: Money(*fields),
            format="tuple",
        )

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.run_async(set_codec)


async def main() -> None:
    settings = load_settings(Settings)
    # asyncpg looks the type up, so it must be there before the first connection with the codec.
    async with open_engine(settings) as engine, engine.begin() as connection:
        await connection.execute(text("DROP TYPE IF EXISTS cookbook_money"))
        await connection.execute(
            text("CREATE TYPE cookbook_money AS (amount numeric, currency text)")
        )
    price = text("SELECT ROW(9.99, 'EUR')::cookbook_money")
    async with open_engine(settings) as engine:
        async with engine.connect() as connection:
            print("without:", await connection.scalar(price))
        await engine.dispose()
        use_money(engine)
        async with engine.connect() as connection:
            print("with:", await connection.scalar(price))
            # The same connection, for a single call.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            print("prepared:", await (await driver.prepare("SELECT 40 + 2")).fetchval())
        async with engine.begin() as connection:
            await connection.execute(text("DROP TYPE cookbook_money"))


if __name__ == "__main__":
    run(main())
