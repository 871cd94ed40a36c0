"""What every application has: middleware, error handlers, and the health checks."""

from typing import Any

from aiohttp import web

from app.kit.http import browser_headers, error_handlers, health, proxy_middleware
from app.kit.http.request_log_middleware import add_id, request_log
from app.kit.http.requests import REQUEST_TIMEOUT
# {% if cookiecutter.__telemetry %}
from app.kit.http.telemetry_middleware import observe_requests
# {% endif %}
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import is_on
# {% endif %}


def options(settings: ServiceSettings) -> dict[str, Any]:
    """Return the arguments of `web.Application`."""
    return {
        "client_max_size": settings.app_max_body_size,
        # A few bytes could become all the memory.
        "handler_args": {"auto_decompress": False},
        "middlewares": [
            # {% if cookiecutter.__telemetry %}
            *([observe_requests(settings)] if is_on(settings) else []),
            # {% endif %}
            request_log(settings),
            browser_headers.preflights(settings),
            error_handlers.middleware,
        ],
    }


def complete(app: web.Application, settings: ServiceSettings) -> None:
    """Add the rest to `app`, which has all its routes by now."""
    error_handlers.install(app)
    browser_headers.install(app, settings)
    app.on_response_prepare.append(add_id)
    app[REQUEST_TIMEOUT] = settings.app_request_timeout
    app.add_routes(health.routes)
    # Moves the routes that are there by now.
    proxy_middleware.install(app, settings)
