"""A client of the application, which is served on this process's own loop."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.commands.server import accepting, create_server
from app.kit.db.database import Database
from app.kit.db.readiness import Readiness
from app.kit.db.session import Sessions
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
    app = create_app(settings=settings)
    # Sanic rewrites its own methods when it starts, which it can do once in a process.
    app.config.TOUCHUP = False
    database = Database(engine, sessions, Readiness(engine, timeout=settings.db_ready_timeout))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Its listeners are not called.
        server = await create_server(app, listener)
        async with (
            open_resources(settings, database) as app.ctx.resources,
            accepting(server, patience=5),
            AsyncClient(base_url=url, trust_env=False, verify=TLS) as client,
        ):
            yield client
