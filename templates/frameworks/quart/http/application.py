"""What every application has: middleware, error handlers, OpenAPI, and the health checks."""

from quart import Quart
from quart_schema import Info, QuartSchema, Server

from app.kit.http import error_handlers, health
from app.kit.http.browser_headers import BrowserHeaders
from app.kit.http.head import HeadAsGet
from app.kit.http.proxy_middleware import BehindProxies
from app.kit.http.request_log_middleware import RequestLog
from app.kit.http.requests import Connection, IdConverter, JsonRequest, note_route
# {% if cookiecutter.__telemetry %}
from app.kit.http.telemetry_middleware import ObservedRequests
# {% endif %}
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import is_on
# {% endif %}


def complete(app: Quart, settings: ServiceSettings, *, title: str) -> None:
    """Add them to `app`, which has no routes yet."""
    app.config["MAX_CONTENT_LENGTH"] = settings.app_max_body_size
    app.asgi_http_class = Connection
    app.request_class = JsonRequest
    app.url_map.converters["id"] = IdConverter
    QuartSchema(
        app,
        info=Info(title=title, version="0.1.0"),
        openapi_provider_class=error_handlers.Documentation,
        servers=[Server(url=settings.app_root_path or "/")],
    )
    app.before_request(note_route)
    app.before_websocket(note_route)
    error_handlers.install(app)
    app.register_blueprint(health.blueprint)
    app.asgi_app = HeadAsGet(BrowserHeaders(app.asgi_app, settings=settings))  # type: ignore[method-assign]  # Quart's own way
    app.asgi_app = RequestLog(app.asgi_app, settings=settings)  # type: ignore[method-assign]  # Quart's own way
    # {% if cookiecutter.__telemetry %}
    if is_on(settings):
        app.asgi_app = ObservedRequests(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way
    # {% endif %}
    app.asgi_app = BehindProxies(app.asgi_app, settings=settings)  # type: ignore[method-assign]  # Quart's own way
