"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.api import companies, customers, health, problems
from app.api.middleware import BodyLimit, UnexpectedErrors
from app.config import Settings
from app.db.engine import open_engine
from app.db.readiness import Readiness
from app.db.session import create_sessions

LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        async with (
            open_engine(settings, prewarm=settings.db_prewarm) as engine,
            aclosing(Readiness(engine, timeout=settings.db_ready_timeout)) as readiness,
        ):
            app.state.sessions = create_sessions(engine)
            app.state.readiness = readiness
            yield

    return Starlette(
        routes=[*health.routes, *companies.routes, *customers.routes],
        middleware=[
            Middleware(UnexpectedErrors),
            Middleware(BodyLimit, max_size=settings.app_max_body_size),
        ],
        exception_handlers=problems.HANDLERS,
        lifespan=lifespan,
    )


app = create_app()
