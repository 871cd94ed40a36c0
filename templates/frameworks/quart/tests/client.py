"""A client of the application, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.database import Database
from app.kit.db.readiness import Readiness
from app.kit.db.session import Sessions
from app.main import create_app
from app.resources import open_resources
from app.settings import Settings


@asynccontextmanager
async def open_client(
    settings: Settings, engine: AsyncEngine, sessions: Sessions
) -> AsyncIterator[AsyncClient]:
    """Yield a client of an application that uses `sessions`, in place of its lifespan's."""
    app = create_app(settings)
    database = Database(engine, sessions, Readiness(engine, timeout=settings.db_ready_timeout))
    transport = ASGITransport(app)  # type: ignore[arg-type]  # each names ASGI's types its own way
    async with (
        open_resources(settings, database) as app.extensions["resources"],
        AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client
