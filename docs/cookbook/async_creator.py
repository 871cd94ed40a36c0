"""`async_creator`: connections that somebody else opens, such as Cloud SQL's connector.

Drivers: asyncpg
Needs: a project
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, event, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

NAME = text("SELECT current_setting('application_name')")


class Connector:
    """A stand-in for `google.cloud.sql.connector.Connector`, which connects to `url`."""

    def __init__(self, url: URL) -> None:
        self.url = url

    async def connect_async(
        self, instance_connection_string: str, driver: str, **kwargs: Any
    ) -> Any:
        print(f"{driver} to {instance_connection_string}")
        return await asyncpg.connect(host=self.url.host, port=self.url.port, **kwargs)


def engine_of(connector: Connector, **options: Any) -> AsyncEngine:
    """Return an engine of which the URL says no more than the dialect."""

    async def connect() -> Any:
        return await connector.connect_async(
            "project:region:instance",
            "asyncpg",
            user=connector.url.username,
            password=connector.url.password,
            database=connector.url.database,
        )

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, **options)


def use_connector(engine: AsyncEngine, connector: Connector) -> None:
    """Let a project's engine connect through the connector, and keep all its settings."""

    async def connect(**arguments: Any) -> Any:
        # The connector has its own address and TLS.
        for name in ("host", "port", "ssl"):
            arguments.pop(name, None)
        return await connector.connect_async("project:region:instance", "asyncpg", **arguments)

    @event.listens_for(engine.sync_engine, "do_connect")
    def take_connector(_dialect: Any, _record: Any, _args: Any, arguments: dict[str, Any]) -> None:
        arguments["async_creator_fn"] = connect


async def first_name(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return repr(await connection.scalar(NAME))


async def main() -> None:
    settings = load_settings(Settings)
    connector = Connector(settings.sqlalchemy_url)
    engine = engine_of(connector)
    print("async_creator:", await first_name(engine))
    await engine.dispose()
    # What the engine says of connections is not read any more.
    engine = engine_of(connector, connect_args={"server_settings": {"application_name": "mine"}})
    print("with connect_args:", await first_name(engine))
    await engine.dispose()
    async with open_engine(settings) as engine:
        use_connector(engine, connector)
        print("a project's engine:", await first_name(engine))
    url = settings.sqlalchemy_url
    try:
        async with create_async_engine(
            url, creator=lambda: asyncpg.connect(host=url.host)
        ).connect():
            pass
    except AttributeError as error:
        print("creator=:", error)
    try:
        create_async_engine(url, creator=print, async_creator=first_name)
    except ArgumentError as error:
        print("both:", error)


if __name__ == "__main__":
    run(main())
