"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from contextlib import AsyncExitStack, aclosing, suppress

from sanic import Blueprint, Sanic
from sanic.exceptions import SanicException

from app.api import companies, customers, health
from app.api.problems import ProblemHandler
from app.api.requests import App, LimitedRequest
from app.config import Settings
from app.db.engine import open_engine
from app.db.readiness import Readiness
from app.db.session import create_sessions

NAME = "{{ cookiecutter.project_slug }}"
LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"
API = Blueprint.group(companies.blueprint, customers.blueprint, version=1, version_prefix="/api/v")


def create_app(*, settings: Settings | None = None) -> App:
    """Return the application; it opens nothing before it starts.

    By name only, since `sanic app.main:create_app` would give its own arguments here.
    """
    settings = settings or Settings()
    resources = AsyncExitStack()

    async def open_database(app: App) -> None:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        engine = await resources.enter_async_context(
            open_engine(settings, prewarm=settings.db_prewarm)
        )
        app.ctx.sessions = create_sessions(engine)
        app.ctx.readiness = await resources.enter_async_context(
            aclosing(Readiness(engine, timeout=settings.db_ready_timeout))
        )

    async def close_database(_app: App) -> None:
        await resources.aclose()

    # Its registry refuses a second application of a name, as tests create.
    with suppress(SanicException):
        Sanic.unregister_app(Sanic.get_app(NAME))
    app = Sanic(
        NAME,
        configure_logging=False,
        error_handler=ProblemHandler(),
        request_class=LimitedRequest,
    )
    app.config.MOTD = False
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.app_shutdown_timeout
    app.ctx.max_body_size = settings.app_max_body_size
    # What LimitedRequest refuses is still read up to here, and so the answer, too.
    app.config.REQUEST_MAX_SIZE = 16 * settings.app_max_body_size
    app.before_server_start(open_database)
    app.after_server_stop(close_database)
    app.blueprint(health.blueprint)
    app.blueprint(API)
    return app
