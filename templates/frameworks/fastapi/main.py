"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

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


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
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

    app = FastAPI(title="{{ cookiecutter.project_slug | replace('_', ' ') | title }}", lifespan=lifespan)
    # The last is the outermost.
    app.add_middleware(BodyLimit, max_size=settings.app_max_body_size)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(BrowserHeaders, settings=settings)
    app.add_middleware(HeadAsGet)
    if settings.app_request_log:
        app.add_middleware(RequestLog)
    app.add_middleware(BehindProxies, settings=settings)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(companies.router, prefix="/api/v1")
    app.include_router(customers.router, prefix="/api/v1")
    return app


app = create_app()
