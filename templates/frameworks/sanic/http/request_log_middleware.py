"""An application that logs requests, and gives each an id.

Sanic's middleware is not called for a response that is never sent, and its own log knows
nothing of the database.
"""

from typing import Any
from urllib.parse import unquote

from sanic import Request

from app.kit.http.request_log import ID_HEADER, current_request_id, logged
from app.kit.http.requests import App


class LoggingApp(App):
    """Logs each request."""

    async def handle_request(self, request: Request[Any, Any]) -> None:
        ids, is_on = request.headers.getall(ID_HEADER, []), self.ctx.request_log
        with logged(request.method, unquote(request.path), ids, is_on=is_on) as exchange:
            try:
                await super().handle_request(request)
            finally:
                stream, connection = request.stream, request.conn_info
                # A stream is false once its response has been sent.
                if stream is not None and stream.response:
                    exchange.status = stream.response.status
                if stream is not None and stream.upgrade_websocket:  # type: ignore[attr-defined]  # of Http
                    exchange.status = 101
                exchange.client_gone = bool(connection and connection.lost)
                exchange.route = request.uri_template or ""


def add_id(_request: Request[Any, Any], response: Any) -> None:
    """Add the id of the request to its answer."""
    if request_id := current_request_id():
        response.headers[ID_HEADER] = request_id
