"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from contextlib import AsyncExitStack, suppress

from sanic import Blueprint, Sanic
from sanic.exceptions import SanicException

from app.api import browser_headers, companies, customers, health
from app.api.problems import ProblemHandler
from app.api.request_log import LoggingApp
from app.api.requests import App, HeadRouter, StrictRequest, close_after_chunks
from app.commands.settings import settings_or_exit
from app.config import Settings
from app.db.database import open_database
from app.garbage import tune_garbage_collection
from app.resources import open_resources

NAME = "{{ cookiecutter.project_slug }}"
LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"
API = Blueprint.group(companies.blueprint, customers.blueprint, version=1, version_prefix="/api/v")


def create_app(*, settings: Settings | None = None) -> App:
    """Return the application; it opens nothing before it starts.

    By name only, since `sanic app.main:create_app` would give its own arguments here.
    """
    settings = settings or settings_or_exit()
    stack = AsyncExitStack()

    async def start(app: App) -> None:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        database = await stack.enter_async_context(
            open_database(settings, prewarm=settings.db_prewarm)
        )
        app.ctx.resources = await stack.enter_async_context(open_resources(settings, database))
        if settings.app_tune_gc:
            tune_garbage_collection()

    async def stop(_app: App) -> None:
        await stack.aclose()

    # Its registry refuses a second application of a name, as tests create.
    with suppress(SanicException):
        Sanic.unregister_app(Sanic.get_app(NAME))
    kind = LoggingApp if settings.app_request_log else Sanic
    app = kind(
        NAME,
        configure_logging=False,
        error_handler=ProblemHandler(),
        request_class=StrictRequest,
        router=HeadRouter(settings.app_root_path),
    )
    app.config.MOTD = False
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.app_shutdown_timeout
    app.ctx.prefix = settings.app_root_path
    app.ctx.trusted_proxies = settings.app_trusted_proxies
    app.ctx.request_timeout = settings.app_request_timeout
    # For the head; the body has as long again.
    app.config.update(REQUEST_TIMEOUT=settings.app_request_timeout)
    app.ctx.max_body_size = settings.app_max_body_size
    # What StrictRequest refuses is still read up to here, and so the answer, too.
    app.config.REQUEST_MAX_SIZE = 16 * settings.app_max_body_size
    app.before_server_start(start)
    app.after_server_stop(stop)
    browser_headers.install(app, settings)
    app.register_middleware(close_after_chunks, "response")
    app.blueprint(health.blueprint)
    app.blueprint(API)
    return app
