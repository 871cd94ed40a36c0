"""Requests in flight, and the end of those that take too long."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from app.commands.processes import Stop

logger = logging.getLogger(__name__)

GRACE = 5
"""Seconds in which a server, once it has answered the last request, has to end."""


class InFlight:
    """An ASGI application that knows which of its requests are being answered."""

    def __init__(self, app: Callable[..., Any]) -> None:
        """Wrap `app`."""
        self.app = app
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application."""
        if scope["type"] == "lifespan":
            await self.app(scope, _until_cancelled(receive), send)
            return
        if task := asyncio.current_task():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
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


def load_application() -> InFlight:
    """Return the application; raises pydantic.ValidationError for a setting."""
    # Importing it reads the settings, and mistakes in them are told in a sentence before.
    from app.main import app  # noqa: PLC0415

    return InFlight(app)


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
