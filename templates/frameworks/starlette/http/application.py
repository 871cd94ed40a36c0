"""What every application has: middleware, error handlers, and the health checks."""

from starlette.applications import Starlette

from app.kit.http import browser_headers, health
from app.kit.http.error_handlers import HANDLERS
from app.kit.http.head import HeadAsGet
from app.kit.http.middleware import BodyLimit, UnexpectedErrors
from app.kit.http.proxy_middleware import BehindProxies
from app.kit.http.request_log_middleware import RequestLog
# {% if cookiecutter.__telemetry %}
from app.kit.http.telemetry_middleware import ObservedRequests
# {% endif %}
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import is_on
# {% endif %}


def complete(app: Starlette, settings: ServiceSettings) -> None:
    """Add them to `app`, around what it has."""
    # The last is the outermost.
    app.add_middleware(BodyLimit, max_size=settings.app_max_body_size)
    app.add_middleware(UnexpectedErrors)
    browser_headers.install(app, settings)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestLog, settings=settings)
    # {% if cookiecutter.__telemetry %}
    if is_on(settings):
        app.add_middleware(ObservedRequests)
    # {% endif %}
    app.add_middleware(BehindProxies, settings=settings)
    app.exception_handlers |= HANDLERS
    app.routes.extend(health.routes)
