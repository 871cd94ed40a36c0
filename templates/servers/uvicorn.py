"""`python -m app`: serve."""

import uvicorn

from app import event_loop
from app.commands.preflight import ensure_database_is_ready, ensure_port_is_free
from app.config import Settings


def serve(settings: Settings) -> None:
    """Check what the service needs, and serve until a signal ends it."""
    ensure_port_is_free(settings)
    event_loop.run(ensure_database_is_ready(settings))
    start_server(settings)


def start_server(settings: Settings, *, reload: bool = False) -> None:
    """Serve on the event loop that this project chose."""
    uvicorn.run(
        "app.main:app",
        host=settings.app_host,
        port=settings.app_port,
        log_level=settings.app_log_level,
        # Named here, since uvicorn does not ask for asyncio's policy.
        loop=event_loop.LOOP_FACTORY,
        reload=reload,
        reload_dirs=["app"] if reload else None,
        timeout_graceful_shutdown=settings.app_shutdown_timeout,
        workers=None if reload else settings.app_workers,
    )
