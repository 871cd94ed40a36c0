"""Sanic's own server.

But not its `run()`, which sets asyncio's policy: it is deprecated, and on Windows it is
never the loop that was chosen.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pkgutil import resolve_name
from typing import Any

from sanic.application.constants import ServerStage
from sanic.application.state import ApplicationServerInfo
from sanic.http import Stage
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from app.kit.commands.listener import Listener
from app.kit.commands.preflight import diagnosed
from app.kit.commands.processes import Stop
from app.kit.http.requests import App
from app.kit.settings import ServiceSettings


async def serve_until(
    stop: Stop, settings: ServiceSettings, application: str, listener: Listener
) -> None:
    """Serve the application until `stop`."""
    server = await create_server(resolve_name(application)(settings=settings), listener)
    try:
        with diagnosed(settings):
            await server.before_start()
        async with accepting(server, patience=settings.app_shutdown_timeout):
            await server.after_start()
            # Asked often, since on Windows no signal wakes a selector.
            while not stop.is_set():
                await asyncio.sleep(0.1)
                # asyncio logs the error of a failed task only when nothing refers to the task.
                server.app.purge_tasks()
            await server.before_stop()
    finally:
        # For a start that failed before it accepted anything: the loop holds the listener.
        server.server.close()
        await server.after_stop()


async def create_server(app: App, listener: socket.socket) -> Any:
    """Return Sanic's AsyncioServer, which has no types, before it accepts connections."""
    options = {"start_serving": False}
    server: Any = await app.create_server(
        # Ours says more: see app/kit/http/request_log.py.
        access_log=False,
        asyncio_server_kwargs=options,
        protocol=PatientProtocol,
        sock=listener,
    )
    await server.startup()
    # Otherwise app.add_task() defers its tasks to a start that never comes.
    app.state.server_info = [ApplicationServerInfo({}, ServerStage.SERVING)]
    return server


class PatientProtocol(WebSocketProtocol):
    """HTTP whose time limits begin with a request, not again with each byte; and WebSockets."""

    def data_received(self, data: bytes) -> None:
        http, since = self.http, self._time
        begins = http and http.stage is Stage.IDLE and not (self.recv_buffer or http.request_body)
        super().data_received(data)  # type: ignore[no-untyped-call]  # has no types
        if not begins:
            self._time = since


@asynccontextmanager
async def accepting(server: Any, *, patience: float) -> AsyncIterator[None]:
    """Accept connections; in the end, give requests in flight `patience` seconds."""
    loop = asyncio.get_running_loop()
    await server.start_serving()
    try:
        yield
    finally:
        server.server.close()
        deadline = loop.time() + patience
        while server.connections:
            for connection in list(server.connections):
                if loop.time() < deadline:
                    connection.close_if_idle()
                else:
                    connection.abort()
            await asyncio.sleep(0.01)
