"""hypercorn, on the event loop that this project chose.

Not with its own runner, which would choose the loop, and would set asyncio's policy, which
is deprecated.
"""

import asyncio
import logging

from hypercorn.asyncio import serve
from hypercorn.config import Config

from app.kit.commands.in_flight import GRACE, load_application, run_until
from app.kit.commands.listener import Listener
from app.kit.commands.processes import Stop
from app.kit.settings import ServiceSettings


async def serve_until(
    stop: Stop, settings: ServiceSettings, application: str, listener: Listener
) -> None:
    """Serve the application until `stop`."""
    app = load_application(application, settings)
    stopping = asyncio.Event()
    serving = asyncio.create_task(
        serve(app, _config(settings, listener), shutdown_trigger=stopping.wait, mode="asgi")
    )
    patience = settings.app_shutdown_timeout
    await run_until(stop, serving, stopping.set, app, patience=patience)


def _config(settings: ServiceSettings, listener: Listener) -> Config:
    config = Config()
    # From now on hypercorn's, which closes it.
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")
    # Also how long it waits for the head of a request.
    config.keep_alive_timeout = settings.app_request_timeout
    # Ours comes first: from Python 3.12 on, hypercorn's own limit is never reached.
    config.graceful_timeout = settings.app_shutdown_timeout + GRACE
    return config
