"""`python -m app`: serve."""

import logging
import signal
import threading
from functools import partial
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from app import event_loop
from app.commands.errors import CommandError
from app.commands.preflight import ensure_database_is_ready, ensure_port_is_free
from app.commands.slow_clients import PatientProtocol
from app.config import Settings

APP = "app.main:app"

logger = logging.getLogger("uvicorn.error")


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
        # Ours does the same with every server: see app/proxies.py.
        "proxy_headers": False,
        # Named here, since uvicorn does not ask for asyncio's policy.
        "loop": event_loop.LOOP_FACTORY,
        "http": partial(PatientProtocol, patience=settings.app_request_timeout),
        "timeout_graceful_shutdown": settings.app_shutdown_timeout,
        "timeout_worker_healthcheck": settings.app_worker_health_timeout,
        # Or uvicorn would read WEB_CONCURRENCY, even with APP_WORKERS set.
        "workers": 1 if reload else settings.app_workers,
    }
    if reload:
        _reload(ChildConfig(APP, reload=True, reload_dirs=["app"], **options))
    elif settings.app_workers > 1:
        _run_workers(ChildConfig(APP, **options))
    else:
        uvicorn.run(APP, **options)


class ChildConfig(uvicorn.Config):
    """The configuration of a process that ends when its parent process is gone.

    uvicorn's own workers would go on to serve, and to hold the port.
    """

    def load(self) -> None:
        """Load the application, and start to watch the parent."""
        super().load()
        if parent := parent_process():
            threading.Thread(target=_end_after, args=[parent], daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    signal.raise_signal(signal.SIGTERM)


class Reloader(ChangeReload):  # type: ignore[misc,valid-type]  # one of two classes
    """Logs that the service has ended; uvicorn would wait for a change without a message."""

    def startup(self) -> None:
        """Start the service."""
        self._ended: Any = None
        super().startup()

    def should_restart(self) -> list[Path] | None:
        """Return the files that changed, if any did."""
        changes: list[Path] | None = super().should_restart()
        if not changes and self.process is not self._ended and not self.process.is_alive():
            self._ended = self.process
            logger.error(
                "The service ended (exit code %s): it starts again when the code changes",
                self.process.exitcode,
            )
        return changes


def _reload(config: uvicorn.Config) -> None:
    listener = config.bind_socket()
    Reloader(config, target=uvicorn.Server(config).run, sockets=[listener]).run()


def _run_workers(config: uvicorn.Config) -> None:
    # uvicorn.run() would call it a success when a worker could not start.
    with config.bind_socket() as listener:
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise CommandError("A worker could not start; what it wrote before says why.")
