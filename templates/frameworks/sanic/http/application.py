"""What every application has: middleware, error handlers, and the health checks."""

from contextlib import suppress

from sanic import Sanic
from sanic.exceptions import SanicException

from app.kit.http import browser_headers, health
from app.kit.http.error_handlers import ProblemHandler
from app.kit.http.request_log_middleware import LoggingApp, add_id
from app.kit.http.requests import App, HeadRouter, StrictRequest, close_after_chunks
# {% if cookiecutter.__telemetry %}
from app.kit.http.telemetry_middleware import ObservedApp
# {% endif %}
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import is_on
# {% endif %}


def new_application(name: str, settings: ServiceSettings) -> App:
    """Return an application with all that, and with no other routes."""
    # Its registry refuses a second application of a name, as tests create.
    with suppress(SanicException):
        Sanic.unregister_app(Sanic.get_app(name))
    app = {{ "(ObservedApp if is_on(settings) else LoggingApp)" if cookiecutter.__telemetry else "LoggingApp" }}(
        name,
        configure_logging=False,
        error_handler=ProblemHandler(),
        request_class=StrictRequest,
        router=HeadRouter(settings.app_root_path),
    )
    app.config.MOTD = False
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.app_shutdown_timeout
    app.ctx.request_log = settings.app_request_log
    app.ctx.prefix = settings.app_root_path
    app.ctx.trusted_proxies = settings.app_trusted_proxies
    app.ctx.request_timeout = settings.app_request_timeout
    # For the head; the body has as long again.
    app.config.update(REQUEST_TIMEOUT=settings.app_request_timeout)
    app.ctx.max_body_size = settings.app_max_body_size
    # What StrictRequest refuses is still read up to here, and so the answer, too.
    app.config.REQUEST_MAX_SIZE = 16 * settings.app_max_body_size
    browser_headers.install(app, settings)
    app.register_middleware(add_id, "response")
    app.register_middleware(close_after_chunks, "response")
    app.blueprint(health.blueprint)
    return app
