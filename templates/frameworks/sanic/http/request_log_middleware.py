"""An application that logs requests.

Sanic's middleware is not called for a response that is never sent, and its own log knows
nothing of the database.
"""

from typing import Any
from urllib.parse import unquote

from sanic import Request

from app.kit.http.request_log import is_logged, logged
from app.kit.http.requests import App


class LoggingApp(App):
    """Logs each request."""

    async def handle_request(self, request: Request[Any, Any]) -> None:
        if not is_logged():
            await super().handle_request(request)
            return
        with logged(request.method, unquote(request.path)) as exchange:
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
