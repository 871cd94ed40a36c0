"""Middleware that logs requests, in pure ASGI."""

import asyncio
# {% if cookiecutter.__server == "uvicorn" %}
import logging
# {% endif %}
from collections.abc import Awaitable, Callable
from typing import Any

from app.kit.http.request_log import ID_HEADER, logged
from app.kit.http.route import route_of
from app.kit.settings import ServiceSettings

Message = Any
Receive = Callable[[], Awaitable[Message]]

WEBSOCKET = {"websocket.accept": 101, "websocket.close": 403, "websocket.http.response.start": 403}
"""The status of a handshake; a close after it keeps that of the accept."""
STARTS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
"""Messages that have headers."""
ID_NAME = ID_HEADER.lower().encode()


class Client:
    """Who sent a request, and may be gone before it is answered.

    Servers say so only to those who receive, and few applications do once they have the body.
    """

    def __init__(self, receive: Receive) -> None:
        self.answered = False
        self.gone = False
        self._receive = receive
        self._receiving = asyncio.Lock()
        self._early: list[Message] = []

    async def receive(self) -> Message:
        """Return what the client sends next, for the application."""
        async with self._receiving:
            return self._early.pop(0) if self._early else await self._next()

    async def look(self) -> None:
        """Notice if it is gone by now; does not wait."""
        # The application itself may be waiting, and gets to know.
        while not (self.gone or self._receiving.locked()):
            try:
                async with self._receiving, asyncio.timeout(0):
                    message = await self._next()
            except TimeoutError:
                return
            self._early.append(message)
            if message.get("more_body"):
                return

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.answered:
            self.gone = True
        return message


class RequestLog:
    """Gives each request an id and logs it, and so has to be the outermost."""

    def __init__(self, app: Callable[..., Awaitable[None]], *, settings: ServiceSettings) -> None:
        self.app = app
        self.is_on = settings.app_request_log

    async def __call__(
        self, scope: Any, receive: Receive, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        client = Client(receive)
        ids = [value.decode("latin-1") for name, value in scope["headers"] if name == ID_NAME]
        # A WebSocket has one line, too, when it is closed.
        method, path = scope.get("method", "WEBSOCKET"), scope["path"]
        with logged(method, path, ids, is_on=self.is_on) as exchange:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.body":
                    client.answered = not message.get("more_body", False)
                elif message["type"] in STARTS:
                    message = _with_id(message, exchange.request_id)
                await send(message)
                if status := WEBSOCKET.get(message["type"]):
                    exchange.status = exchange.status or status
                elif message["type"] == "http.response.start":
                    exchange.status = message["status"]
                    # It takes a while, and matters where the status was to tell what was done.
                    if exchange.outcomes:
                        await client.look()

            try:
                await self.app(scope, client.receive, note)
            finally:
                exchange.client_gone = client.gone
                exchange.route = route_of(scope)


def _with_id(message: Message, request_id: str) -> Message:
    # In place of one of the application's, such as that of another service which it asked.
    others = [pair for pair in message.get("headers", ()) if pair[0].lower() != ID_NAME]
    return {**message, "headers": [*others, (ID_NAME, request_id.encode())]}
# {% if cookiecutter.__server == "uvicorn" %}


def _hide_query(record: logging.LogRecord) -> bool:
    # uvicorn's own lines contain the query, and a WebSocket's headers at the level of debug.
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) and value.startswith("/") else value
            for value in record.args
        )
    return not str(record.msg).startswith(("< ", "> "))


for _name in ("uvicorn.error", "uvicorn.access"):
    logging.getLogger(_name).addFilter(_hide_query)
# {% endif %}
