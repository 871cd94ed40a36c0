"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from app.api import companies, customers, health, problems
from app.api.browser_headers import BrowserHeaders
from app.api.head import HeadAsGet
from app.api.middleware import BodyLimit, UnexpectedErrors
from app.api.proxies import BehindProxies
from app.api.request_log import RequestLog
from app.commands.settings import settings_or_exit
from app.config import Settings
from app.db.database import open_database
from app.garbage import tune_garbage_collection
from app.resources import open_resources

LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        async with (
            open_database(settings, prewarm=settings.db_prewarm) as database,
            open_resources(settings, database) as app.state.resources,
        ):
            # Loads what answers need: later there may be no file descriptor left for that.
            await run_in_threadpool(int)
            if settings.app_tune_gc:
                tune_garbage_collection()
            yield

    return Starlette(
        routes=[*health.routes, *companies.routes, *customers.routes],
        middleware=[
            Middleware(BehindProxies, settings=settings),
            *([Middleware(RequestLog)] if settings.app_request_log else []),
            Middleware(HeadAsGet),
            Middleware(BrowserHeaders, settings=settings),
            Middleware(UnexpectedErrors),
            Middleware(BodyLimit, max_size=settings.app_max_body_size),
        ],
        exception_handlers=problems.HANDLERS,
        lifespan=lifespan,
    )


app = create_app()
