"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import web

from app.api import companies, customers, health, problems
from app.api.health import READINESS
from app.api.requests import SESSIONS
from app.config import Settings
from app.db.engine import open_engine
from app.db.readiness import Readiness
from app.db.session import create_sessions

LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> web.Application:
    """Return the application; it opens nothing before it starts."""
    settings = settings or Settings()

    async def database(app: web.Application) -> AsyncIterator[None]:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        async with (
            open_engine(settings, prewarm=settings.db_prewarm) as engine,
            aclosing(Readiness(engine, timeout=settings.db_ready_timeout)) as readiness,
        ):
            app[SESSIONS] = create_sessions(engine)
            app[READINESS] = readiness
            yield

    api = web.Application()
    api.add_routes(companies.routes)
    api.add_routes(customers.routes)

    app = web.Application(
        client_max_size=settings.app_max_body_size,
        # A few bytes could become all the memory.
        handler_args={"auto_decompress": False},
        middlewares=[problems.middleware],
    )
    app.add_routes(health.routes)
    app.add_subapp("/api/v1", api)
    app.cleanup_ctx.append(database)
    return app
