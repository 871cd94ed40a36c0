"""What every application has: middleware, error handlers, dependencies and OpenAPI."""

from functools import partial
from inspect import signature
from typing import Any

from litestar import Litestar
from litestar.constants import OPENAPI_JSON_HANDLER_NAME
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Server

from app.kit.http.browser_headers import BrowserHeaders
from app.kit.http.error_handlers import EXCEPTION_HANDLERS, log_failed_websocket
from app.kit.http.head import HeadAsGet
from app.kit.http.proxy_middleware import BehindProxies
from app.kit.http.request_log_middleware import RequestLog
from app.kit.http.requests import JsonRequest, path_of
from app.kit.http.sessions import DEPENDENCIES
# {% if cookiecutter.__telemetry %}
from app.kit.http.telemetry_middleware import ObservedRequests
# {% endif %}
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import is_on
# {% endif %}

# Litestar's pages would look for the document without the prefix.
OpenAPIRenderPlugin.get_openapi_json_route = staticmethod(  # type: ignore[method-assign]
    partial(path_of, name=OPENAPI_JSON_HANDLER_NAME)
)

# The lifespan configures logging. Litestar 2 would do it on import, with a thread; 3 does not.
NO_LOGGING = {"logging_config": None} if "logging_config" in signature(Litestar).parameters else {}


def options(settings: ServiceSettings, *, title: str) -> dict[str, Any]:
    """Return the arguments of `Litestar`, besides the route handlers and the lifespan."""
    return {
        "after_exception": [log_failed_websocket],
        "dependencies": DEPENDENCIES,
        "exception_handlers": EXCEPTION_HANDLERS,
        **NO_LOGGING,
        "openapi_config": OpenAPIConfig(
            title,
            version="0.1.0",
            servers=[Server(url=settings.app_root_path or "/")],
            use_handler_docstrings=True,
        ),
        "request_class": JsonRequest,
        "request_max_body_size": settings.app_max_body_size,
    }


def complete(app: Litestar, settings: ServiceSettings) -> None:
    """Add the middleware: Litestar's own does not see what has no route."""
    app.asgi_handler = HeadAsGet(BrowserHeaders(app.asgi_handler, settings=settings))
    app.asgi_handler = RequestLog(app.asgi_handler, settings=settings)
    # {% if cookiecutter.__telemetry %}
    if is_on(settings):
        app.asgi_handler = ObservedRequests(app.asgi_handler)
    # {% endif %}
    app.asgi_handler = BehindProxies(app.asgi_handler, settings=settings)
