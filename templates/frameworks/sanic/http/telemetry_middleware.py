"""An application that observes requests for telemetry."""

from typing import Any
from urllib.parse import unquote

from opentelemetry.propagators.textmap import default_getter
from sanic import Request

from app.kit.http.request_log_middleware import LoggingApp
from app.kit.telemetry.requests import is_probe, observed


class ObservedApp(LoggingApp):
    """Observes each request, around the log: so its lines have the ids of the trace.

    Not WebSockets, which may last for days.
    """

    async def handle_request(self, request: Request[Any, Any]) -> None:
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if is_websocket or is_probe(request.path, self.ctx.prefix):
            await super().handle_request(request)
            return
        with observed(
            request.method,
            unquote(request.path),
            scheme=request.scheme,
            version=request.version,
            headers=request.headers,
            getter=default_getter,
        ):
            await super().handle_request(request)
