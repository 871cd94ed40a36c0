"""aiohttp's server."""

import asyncio
import logging
from pkgutil import resolve_name
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from app.kit.commands.listener import Listener
from app.kit.commands.preflight import diagnosed
from app.kit.commands.processes import Stop
from app.kit.settings import ServiceSettings


async def serve_until(
    stop: Stop, settings: ServiceSettings, application: str, listener: Listener
) -> None:
    """Serve the application until `stop`."""
    logging.getLogger("aiohttp.server").addFilter(_shorten)
    runner = web.AppRunner(
        resolve_name(application)(settings),
        # Ours says more: see app/kit/http/request_log.py.
        access_log=None,
        shutdown_timeout=settings.app_shutdown_timeout,
    )
    with listener:  # a worker's is a copy, and a start may fail before the site has it
        with diagnosed(settings):
            await runner.setup()
        try:
            await OnceSite(runner, listener).start()
            waiting = Waiting(patience=settings.app_request_timeout)
            # web.run_app() would sleep for an hour, and on Windows no signal wakes a selector.
            while not stop.is_set():
                await asyncio.sleep(0.1)
                waiting.end(runner.server)
        finally:
            await runner.cleanup()


class OnceSite(web.SockSite):
    """A listener whose connections read nothing after what is no HTTP."""

    async def start(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        await web.BaseSite.start(self)
        server: Any = self._runner.server
        self._server = await loop.create_server(
            lambda: OnceRefused(server, loop=loop, **server._kwargs),  # noqa: SLF001  as it does
            sock=self._sock,
            backlog=self._backlog,
        )


class OnceRefused(web.RequestHandler):
    """A connection that is refused once.

    aiohttp would go on to refuse each part of a flood, and every such error keeps its part in
    memory until garbage is collected, which is seldom (`app/kit/http/lifespan.py`).
    """

    __slots__ = ("_is_refused",)

    def data_received(self, data: bytes) -> None:
        if getattr(self, "_is_refused", False):
            return
        super().data_received(data)
        error = getattr(self._messages[-1][0], "exc", None) if self._messages else None
        if isinstance(error, HttpProcessingError):
            self._is_refused = True
            error.__traceback__ = None


class Waiting:
    """Connections that wait for the head of a request: aiohttp itself has no limit for them."""

    def __init__(self, *, patience: float) -> None:
        """Let them wait for `patience` seconds."""
        self._patience = patience
        self._since: dict[tuple[web.RequestHandler, int], float] = {}

    def end(self, server: web.Server | None) -> None:
        """Close those that have waited too long."""
        now = asyncio.get_running_loop().time()
        waiting = [
            # Counted, since it may have had a request since the last look.
            (connection, connection._request_count)  # noqa: SLF001
            for connection in (server.connections if server else [])
            if connection._current_request is None  # noqa: SLF001
        ]
        self._since = {key: self._since.get(key, now) for key in waiting}
        for (connection, _), since in self._since.items():
            if now - since > self._patience:
                connection.force_close()


def _shorten(record: logging.LogRecord) -> bool:
    # What is not HTTP is no fault of the service, and aiohttp quotes it: it may hold a secret.
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = None
        record.msg, record.args = f"%s: {type(error).__name__}", (record.getMessage(),)
    return True
