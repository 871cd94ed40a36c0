"""A client of the application, which is served on this process's own loop."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.database import Database
from app.kit.db.readiness import Readiness
from app.kit.db.session import Sessions
from app.kit.http.requests import RESOURCES
from app.main import create_app
from app.resources import open_resources
from app.settings import Settings

# Made once, as it reads all authorities of the system: nothing is encrypted here.
TLS = ssl.create_default_context()


@asynccontextmanager
async def open_client(
    settings: Settings, engine: AsyncEngine, sessions: Sessions
) -> AsyncIterator[AsyncClient]:
    """Yield a client of an application that uses `sessions`, in place of its start-up's."""
    app = create_app(settings)
    app.cleanup_ctx.clear()
    database = Database(engine, sessions, Readiness(engine, timeout=settings.db_ready_timeout))
    async with open_resources(settings, database) as app[RESOURCES]:
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = f"http://127.0.0.1:{site.port}"
            async with AsyncClient(base_url=url, trust_env=False, verify=TLS) as client:
                yield client
        finally:
            await runner.cleanup()
