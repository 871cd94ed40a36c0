"""`python -m app`: serve."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app import event_loop
from app.api.requests import App
from app.commands.preflight import diagnosed, ensure_database_is_ready, ensure_port_is_free
from app.commands.processes import Stop, StopSignals, keep_running, restart_on_change
from app.config import Settings
from app.main import create_app


def serve(settings: Settings) -> None:
    """Check what the service needs, and serve until a signal ends it."""
    ensure_port_is_free(settings)
    event_loop.run(ensure_database_is_ready(settings))
    start_server(settings)


def start_server(settings: Settings, *, reload: bool = False) -> None:
    """Serve on the event loop that this project chose.

    With Sanic's own server, but not with its `run()`, which sets asyncio's policy: it is
    deprecated, and on Windows it is never the loop that was chosen.
    """
    stop = StopSignals()
    with _listen(settings) as listener:
        print(f"Serving on http://{_shown(listener)}", flush=True)
        if reload:
            restart_on_change("app", stop, _serve, settings, listener)
        elif settings.app_workers > 1:
            keep_running(settings.app_workers, stop, _serve, settings, listener)
        else:
            _serve(settings, listener, stop)


async def create_server(app: App, listener: socket.socket) -> Any:
    """Return Sanic's AsyncioServer, which has no types, before it accepts connections."""
    options = {"start_serving": False}
    server: Any = await app.create_server(sock=listener, asyncio_server_kwargs=options)
    await server.startup()
    return server


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
            await asyncio.sleep(0.05)


def _listen(settings: Settings) -> socket.socket:
    # Opened once, so that all processes share it, and it outlives each of them.
    address = (settings.app_host, settings.app_port)
    family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server(address, family=family)


def _shown(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _serve(settings: Settings, listener: socket.socket, stop: Stop) -> None:
    with listener:  # a worker's is a copy
        event_loop.run(_serve_until(stop, settings, listener))


async def _serve_until(stop: Stop, settings: Settings, listener: socket.socket) -> None:
    server = await create_server(create_app(settings=settings), listener)
    try:
        with diagnosed(settings):
            await server.before_start()
        async with accepting(server, patience=settings.app_shutdown_timeout):
            await server.after_start()
            # Asked often, since on Windows no signal wakes a selector.
            while not stop.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await server.before_stop()
    finally:
        # For a start that failed before it accepted anything: the loop holds the listener.
        server.server.close()
        await server.after_stop()
