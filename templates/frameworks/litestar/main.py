"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from litestar import Litestar, Router
from litestar.constants import OPENAPI_JSON_HANDLER_NAME
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Server

from app.api import companies, customers, health
from app.api.browser_headers import BrowserHeaders
from app.api.head import HeadAsGet
from app.api.problems import EXCEPTION_HANDLERS, log_failed_websocket
from app.api.proxies import BehindProxies
from app.api.request_log import RequestLog
from app.api.requests import JsonRequest, path_of
from app.api.sessions import DEPENDENCIES
from app.commands.settings import settings_or_exit
from app.config import Settings
from app.db.database import open_database
from app.garbage import tune_garbage_collection
from app.output import open_log
from app.resources import open_resources

TITLE = "{{ cookiecutter.project_slug | replace('_', ' ') | title }}"


# Litestar's pages would look for the document without the prefix.
OpenAPIRenderPlugin.get_openapi_json_route = staticmethod(  # type: ignore[method-assign]
    partial(path_of, name=OPENAPI_JSON_HANDLER_NAME)
)


# Litestar's pages would look for the document without the prefix.
OpenAPIRenderPlugin.get_openapi_json_route = staticmethod(  # type: ignore[method-assign]
    partial(path_of, name=OPENAPI_JSON_HANDLER_NAME)
)


def create_app(settings: Settings | None = None) -> Litestar:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_log(settings),
            open_database(settings, prewarm=settings.db_prewarm) as database,
            open_resources(settings, database) as app.state.resources,
        ):
            if settings.app_tune_gc:
                tune_garbage_collection()
            yield

    app = Litestar(
        route_handlers=[
            *health.HANDLERS,
            Router("/api/v1", route_handlers=[companies.router, customers.router]),
        ],
        after_exception=[log_failed_websocket],
        dependencies=DEPENDENCIES,
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[lifespan],
        # The lifespan configures logging; Litestar would do it on import, with a thread.
        logging_config=None,
        openapi_config=OpenAPIConfig(
            TITLE,
            version="0.1.0",
            servers=[Server(url=settings.app_root_path or "/")],
            use_handler_docstrings=True,
        ),
        request_class=JsonRequest,
        request_max_body_size=settings.app_max_body_size,
    )
    # Litestar's own middleware does not see what has no route.
    app.asgi_handler = HeadAsGet(BrowserHeaders(app.asgi_handler, settings=settings))
    if settings.app_request_log:
        app.asgi_handler = RequestLog(app.asgi_handler)
    app.asgi_handler = BehindProxies(app.asgi_handler, settings=settings)
    return app


app = create_app()
