"""Requests in flight, and the end of those that take too long."""

import asyncio
import json
import logging
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from app.kit.commands.processes import Stop
from app.kit.http.problems import MEDIA_TYPE, Problem
from app.kit.settings import ServiceSettings

logger = logging.getLogger(__name__)

END_OF_BODY = {b"content-length", b"transfer-encoding"}

GRACE = 5
"""Seconds in which a server, once it has answered the last request, has to end."""


class InFlight:
    """An ASGI application that knows which of its requests are being answered."""

    def __init__(self, app: Callable[..., Any], *, patience: float) -> None:
        """Wrap `app`, and wait `patience` seconds for the body of a request."""
        self.app = app
        self.patience = patience
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, _until_cancelled(receive), send)
            return
        if task := asyncio.current_task():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if scope["type"] == "http":
            if _has_two_ends(scope):
                await _refuse(send)
                return
            receive, send = _with_deadline(scope, receive, send, self.patience)
        await self.app(scope, receive, send)

    def cancel(self) -> None:
        """Cancel the requests."""
        logger.error("Cancelled %s requests that took too long", len(self.tasks))
        for task in self.tasks:
            task.cancel()


def _until_cancelled(receive: Callable[..., Any]) -> Callable[..., Any]:
    async def receive_or_end() -> Any:
        try:
            return await receive()
        except asyncio.CancelledError:
            # The server is gone, and the application still has to close what it opened.
            return {"type": "lifespan.shutdown"}

    return receive_or_end


def _has_two_ends(scope: Any) -> bool:
    # What is one request to us may be two to a proxy, which lets the second one through unseen.
    ends = [name for name, _ in scope["headers"] if name in END_OF_BODY]
    return len(ends) > 1


async def _refuse(send: Callable[..., Any]) -> None:
    problem = Problem(400, "The request says more than once where its body ends.")
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem.body()).encode()})


def _with_deadline(
    scope: Any, receive: Callable[..., Any], send: Callable[..., Any], patience: float
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    deadline = asyncio.get_running_loop().time() + patience
    http1 = scope["http_version"] < "2"
    more = _has_body(scope) if http1 else True

    async def receive_in_time() -> Any:
        nonlocal more
        try:
            async with asyncio.timeout_at(deadline if more else None):
                message = await receive()
        except TimeoutError:
            # As if the client were gone, which it may be.
            return {"type": "http.disconnect"}
        more = message.get("more_body", False)
        return message

    async def send_and_close(message: Any) -> None:
        # The rest of the body is still to come. A server that does not wait for it hangs up, and a
        # client that does not learn of it would lose its next request.
        if more and http1 and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return receive_in_time, send_and_close


def _has_body(scope: Any) -> bool:
    return any(name in END_OF_BODY and value != b"0" for name, value in scope["headers"])


def load_application(place: str, settings: ServiceSettings) -> InFlight:
    """Return the application; raises pydantic.ValidationError for a setting."""
    # Importing it reads the settings, whose mistakes are reported in a sentence before.
    return InFlight(resolve_name(place), patience=settings.app_request_timeout)


async def run_until(
    stop: Stop,
    serving: asyncio.Task[None],
    ask_to_stop: Callable[[], None],
    requests: InFlight,
    *,
    patience: float,
) -> None:
    """Let a server run until `stop`; then give requests in flight `patience` seconds.

    Raises what `serving` raised: a server that can't start ends by itself.
    """
    # Asked often, since on Windows no signal wakes a selector.
    while not (stop.is_set() or serving.done()):
        await asyncio.wait([serving], timeout=0.1)
    ask_to_stop()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while requests.tasks and not serving.done() and loop.time() < deadline:
        await asyncio.wait([serving], timeout=0.1)
    if requests.tasks:
        requests.cancel()
    await asyncio.wait([serving], timeout=GRACE)
    if serving.done():
        await serving
    else:
        logger.warning("Closing connections that never sent a whole request")
        serving.cancel()
