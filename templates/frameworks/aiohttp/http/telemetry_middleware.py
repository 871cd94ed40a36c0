"""Middleware that observes requests for telemetry."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry.propagators.textmap import default_getter

from app.kit.settings import ServiceSettings
from app.kit.telemetry.requests import is_probe, observed


def observe_requests(settings: ServiceSettings) -> Middleware:
    """Return what observes requests, around the log: so its lines have the ids of the trace.

    Not WebSockets, which may last for days.
    """

    @web.middleware
    async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if is_websocket or is_probe(request.path, settings.app_root_path):
            return await handler(request)
        version = request.version
        with observed(
            request.method,
            request.path,
            scheme=request.scheme,
            version=f"{version.major}.{version.minor}",
            headers=request.headers,
            getter=default_getter,
        ):
            return await handler(request)

    return observe
