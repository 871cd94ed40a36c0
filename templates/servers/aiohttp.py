"""`python -m app`: serve."""

import asyncio
import socket

from aiohttp import web

from app import event_loop
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
    """Serve on the event loop that this project chose."""
    stop = StopSignals()
    with _listen(settings) as listener:
        print(f"Serving on http://{_shown(listener)}", flush=True)
        if reload:
            restart_on_change("app", stop, _serve, settings, listener)
        elif settings.app_workers > 1:
            keep_running(settings.app_workers, stop, _serve, settings, listener)
        else:
            _serve(settings, listener, stop)


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
    runner = web.AppRunner(create_app(settings), shutdown_timeout=settings.app_shutdown_timeout)
    with diagnosed(settings):
        await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        # web.run_app() would sleep for an hour, and on Windows no signal wakes a selector.
        while not stop.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    finally:
        await runner.cleanup()
