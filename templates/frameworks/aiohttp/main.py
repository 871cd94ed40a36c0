"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncIterator

from aiohttp import web

from app.api import browser_headers, companies, customers, health, problems, proxies, request_log
from app.api.requests import REQUEST_TIMEOUT, RESOURCES
from app.commands.settings import settings_or_exit
from app.config import Settings
from app.db.database import open_database
from app.garbage import tune_garbage_collection
from app.resources import open_resources

LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> web.Application:
    """Return the application; it opens nothing before it starts."""
    settings = settings or settings_or_exit()

    async def resources(app: web.Application) -> AsyncIterator[None]:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        async with (
            open_database(settings, prewarm=settings.db_prewarm) as database,
            open_resources(settings, database) as app[RESOURCES],
        ):
            if settings.app_tune_gc:
                tune_garbage_collection()
            yield

    api = web.Application()
    api.add_routes(companies.routes)
    api.add_routes(customers.routes)

    app = web.Application(
        client_max_size=settings.app_max_body_size,
        # A few bytes could become all the memory.
        handler_args={"auto_decompress": False},
        middlewares=[
            *([request_log.middleware] if settings.app_request_log else []),
            browser_headers.preflights(settings),
            problems.middleware,
        ],
    )
    problems.install(app)
    browser_headers.install(app, settings)
    app[REQUEST_TIMEOUT] = settings.app_request_timeout
    app.add_routes(health.routes)
    app.add_subapp("/api/v1", api)
    # Moves the routes that are there by now.
    proxies.install(app, settings)
    app.cleanup_ctx.append(resources)
    return app
