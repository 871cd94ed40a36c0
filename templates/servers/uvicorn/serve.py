"""`python -m app`: serve."""

import logging
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe, parent_process
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn._subprocess import get_subprocess
from uvicorn.supervisors import ChangeReload, Multiprocess

from app import event_loop
from app.kit.commands.command_error import CommandError
# {% if cookiecutter.__one_process %}
from app.kit.commands.preflight import (
    ensure_database_is_ready,
    ensure_one_process,
    ensure_port_is_free,
)
# {% else %}
from app.kit.commands.preflight import ensure_database_is_ready, ensure_port_is_free
# {% endif %}
from app.kit.commands.slow_clients import PatientProtocol
from app.kit.log import open_output
from app.kit.settings import ServiceSettings

logger = logging.getLogger("uvicorn.error")


def serve(settings: ServiceSettings, application: str) -> None:
    """Check what the service needs, and serve the application until a signal ends it."""
    # {% if cookiecutter.__one_process %}
    ensure_one_process(settings)
    # {% endif %}
    ensure_port_is_free(settings)
    event_loop.run(ensure_database_is_ready(settings, prewarm=settings.db_prewarm))
    start_server(settings, application)


def start_server(settings: ServiceSettings, application: str, *, reload: bool = False) -> None:
    """Serve on the event loop that this project chose."""
    open_output(settings)
    options: dict[str, Any] = {
        "host": settings.app_host,
        "port": settings.app_port,
        # Its loggers hand everything on, as others do.
        "log_config": None,
        "log_level": settings.app_log_level,
        # Ours says more: see app/kit/http/request_log.py.
        "access_log": False,
        # Ours does the same with every server: see app/kit/http/proxies.py.
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
        _reload(ChildConfig(application, reload=True, reload_dirs=["app"], **options))
    elif settings.app_workers > 1:
        _run_workers(ChildConfig(application, **options))
    else:
        uvicorn.run(application, **options)  # noqa: TID251  here it gets the loop


class ChildConfig(uvicorn.Config):
    """The configuration of processes that end when their parent closes its line, or is gone.

    Without a parent, uvicorn's own would go on to serve, and to hold the port. On Windows it asks
    them to stop by events of the console: a service has none, and they reach other programs, too.
    """

    _line: Any  # a class of its own on Windows

    def new_line(self) -> Any:
        """Return the parent's end of a line to the processes that are started next."""
        self._line, parents = Pipe(duplex=False)
        return parents

    def configure_logging(self) -> None:
        """Configure the log, also in a child process."""
        open_output()
        super().configure_logging()

    def load(self) -> None:
        """Load the application, and start to watch the line."""
        super().load()
        if parent_process():
            threading.Thread(target=_end_after, args=[self._line], daemon=True).start()


def _end_after(line: Any) -> None:
    with suppress(EOFError, OSError):
        line.recv()
    signal.raise_signal(signal.SIGTERM)


class Reloader(ChangeReload):  # type: ignore[misc,valid-type]  # one of two classes
    """Logs that the service has ended; uvicorn would wait for a change without a message."""

    config: ChildConfig

    def startup(self) -> None:
        self._ended: Any = None
        self._line = self.config.new_line()
        if sys.platform == "win32":
            # What one process can send to another there.
            signal.signal(signal.SIGBREAK, self.signal_handler)
        super().startup()

    def restart(self) -> None:
        self._stop()
        self._line = self.config.new_line()
        self.process = get_subprocess(self.config, self.target, self.sockets)
        self.process.start()

    def shutdown(self) -> None:
        self._stop()
        super().shutdown()

    def _stop(self) -> None:
        self._line.close()
        if sys.platform != "win32":
            # It may not watch the line yet: a module may take long to load.
            self.process.terminate()
        self.process.join()

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


# {% if cookiecutter.__one_process %}
def _listen_and_run(server: uvicorn.Server, sockets: list[Any]) -> None:  # noqa: ARG001  none
    server.run()


# {% endif %}
class Workers(Multiprocess):
    """Several processes of the service."""

    config: ChildConfig

    def init_processes(self) -> None:
        self.has_failed = False
        self._line = self.config.new_line()
        super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Replace those that ended, or note that one can't start."""
        for process in self.processes:
            # With it open here, too, an answer is waited for that an ended one can't give any more.
            process.child_conn.close()
        # On Windows, those that a signal ended have the exit code of a failed start, too.
        if not (self.signal_queue or self.should_exit.is_set()):
            super().keep_subprocess_alive()
            self.has_failed = self.should_exit.is_set()

    def terminate_all(self) -> None:
        self._line.close()
        if sys.platform != "win32":
            super().terminate_all()


def _reload(config: ChildConfig) -> None:
    # {% if cookiecutter.__one_process %}
    if sys.platform == "win32":
        # A socket belongs to the first Proactor that uses it: each process opens its own.
        Reloader(config, target=partial(_listen_and_run, uvicorn.Server(config)), sockets=[]).run()
        return
    # {% endif %}
    listener = config.bind_socket()
    Reloader(config, target=uvicorn.Server(config).run, sockets=[listener]).run()


def _run_workers(config: ChildConfig) -> None:
    # uvicorn.run() would call it a success when a worker could not start.
    with config.bind_socket() as listener:
        supervisor = Workers(config, sockets=[listener])
        supervisor.run()
    if supervisor.has_failed:
        raise CommandError("A worker could not start; what it wrote before says why.")
