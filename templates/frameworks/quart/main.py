"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

import logging
from collections.abc import AsyncGenerator

from quart import Quart
from quart_schema import Info, QuartSchema, Server

from app.api import companies, customers, health, problems
from app.api.browser_headers import BrowserHeaders
from app.api.head import HeadAsGet
from app.api.proxies import BehindProxies
from app.api.request_log import RequestLog
from app.api.requests import Connection, IdConverter, JsonRequest
from app.commands.settings import settings_or_exit
from app.config import Settings
from app.db.database import open_database
from app.garbage import tune_garbage_collection
from app.resources import open_resources

TITLE = "{{ cookiecutter.project_slug | replace('_', ' ') | title }}"
LOG_FORMAT = "%(levelname)s: %(name)s: %(message)s"


def create_app(settings: Settings | None = None) -> Quart:
    """Return the application; it opens nothing before it serves."""
    settings = settings or settings_or_exit()
    app = Quart(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.app_max_body_size
    app.asgi_http_class = Connection
    app.request_class = JsonRequest
    app.url_map.converters["id"] = IdConverter

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None]:
        ensure_compatible_loop()
        logging.basicConfig(level=settings.app_log_level.upper(), format=LOG_FORMAT)
        async with (
            open_database(settings, prewarm=settings.db_prewarm) as database,
            open_resources(settings, database) as app.extensions["resources"],
        ):
            if settings.app_tune_gc:
                tune_garbage_collection()
            yield

    info = Info(title=TITLE, version="0.1.0")
    QuartSchema(
        app,
        info=info,
        openapi_provider_class=problems.Documentation,
        servers=[Server(url=settings.app_root_path or "/")],
    )
    problems.install(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(companies.blueprint, url_prefix="/api/v1/companies")
    app.register_blueprint(customers.blueprint, url_prefix="/api/v1")
    app.asgi_app = HeadAsGet(BrowserHeaders(app.asgi_app, settings=settings))  # type: ignore[method-assign]  # Quart's own way
    if settings.app_request_log:
        app.asgi_app = RequestLog(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way
    app.asgi_app = BehindProxies(app.asgi_app, settings=settings)  # type: ignore[method-assign]  # Quart's own way
    return app


app = create_app()
