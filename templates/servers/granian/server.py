"""granian, on the event loop that this project chose.

With its embedded server, in processes of our own. Those that granian starts would be killed
when a request takes too long, with no chance to close what they opened; on Windows always.
"""

import asyncio
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from app.kit.commands.in_flight import load_application, run_until
from app.kit.commands.listener import Listener
from app.kit.commands.processes import Stop
from app.kit.settings import ServiceSettings

# Its loggers hand everything on, as others do, and have no handlers of their own.
LOGGING: dict[str, Any] = {"handlers": {}, "loggers": {"_granian": {}}}


async def serve_until(
    stop: Stop, settings: ServiceSettings, application: str, listener: Listener
) -> None:
    """Serve the application until `stop`."""
    host, port = listener
    app = load_application(application, settings)
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        # Also the number of connections that it serves at once; the rest of them wait.
        backlog=1024,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(settings.app_request_timeout * 1000)
        ),
        log_dictconfig=LOGGING,
    )
    serving = asyncio.create_task(server.serve())
    patience = settings.app_shutdown_timeout
    await run_until(stop, serving, server.stop, app, patience=patience)
