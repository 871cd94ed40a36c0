"""aiohttp's server."""

import asyncio

from aiohttp import web

from app.commands.listener import Listener
from app.commands.preflight import diagnosed
from app.commands.processes import Stop
from app.config import Settings
from app.main import create_app


async def serve_until(stop: Stop, settings: Settings, listener: Listener) -> None:
    """Serve until `stop`."""
    runner = web.AppRunner(create_app(settings), shutdown_timeout=settings.app_shutdown_timeout)
    with listener:  # a worker's is a copy, and a start may fail before the site has it
        with diagnosed(settings):
            await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            # web.run_app() would sleep for an hour, and on Windows no signal wakes a selector.
            while not stop.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        finally:
            await runner.cleanup()
