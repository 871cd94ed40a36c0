"""`python -m app`: serve."""

from functools import partial
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app import event_loop
from app.commands.errors import CommandError
from app.commands.preflight import ensure_database_is_ready, ensure_port_is_free
from app.commands.slow_clients import PatientProtocol
from app.config import Settings

APP = "app.main:app"


def serve(settings: Settings) -> None:
    """Check what the service needs, and serve until a signal ends it."""
    ensure_port_is_free(settings)
    event_loop.run(ensure_database_is_ready(settings))
    start_server(settings)


def start_server(settings: Settings, *, reload: bool = False) -> None:
    """Serve on the event loop that this project chose."""
    options: dict[str, Any] = {
        "host": settings.app_host,
        "port": settings.app_port,
        "log_level": settings.app_log_level,
        # Ours says more: see app/request_log.py.
        "access_log": False,
        # Named here, since uvicorn does not ask for asyncio's policy.
        "loop": event_loop.LOOP_FACTORY,
        "http": partial(PatientProtocol, patience=settings.app_request_timeout),
        "timeout_graceful_shutdown": settings.app_shutdown_timeout,
        # Not what WEB_CONCURRENCY says, which counts only if APP_WORKERS does not.
        "workers": 1 if reload else settings.app_workers,
    }
    if reload:
        uvicorn.run(APP, reload=True, reload_dirs=["app"], **options)
    elif settings.app_workers > 1:
        _run_workers(uvicorn.Config(APP, **options))
    else:
        uvicorn.run(APP, **options)


def _run_workers(config: uvicorn.Config) -> None:
    # uvicorn.run() would call it a success when a worker could not start.
    with config.bind_socket() as listener:
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise CommandError("A worker could not start; what it wrote before says why.")
