"""`python -m app{{ ' work' if cookiecutter.__web else '' }}`: work."""

from pkgutil import resolve_name

from app import event_loop
from app.kit.commands.preflight import ensure_database_is_ready, ensure_pool_is_large_enough
from app.kit.commands.processes import Stop, StopSignals, keep_running, restart_on_change
from app.kit.log import open_output
from app.kit.settings import ServiceSettings


def start(settings: ServiceSettings, worker: str) -> None:
    """Check what the worker needs, and work until a signal ends it."""
    ensure_pool_is_large_enough(settings)
    prewarm = min(settings.db_prewarm, settings.worker_concurrency)
    event_loop.run(ensure_database_is_ready(settings, prewarm=prewarm))
    open_output(settings)
    stop = StopSignals()
    print("Working", flush=True)
    if settings.app_workers > 1:
        keep_running(settings.app_workers, stop, _work, settings, worker)
    else:
        _work(settings, worker, stop)


def work_and_reload(settings: ServiceSettings, worker: str, stop: Stop) -> None:
    """Work until `stop`, and anew after each change of the code."""
    open_output(settings)
    print("Working", flush=True)
    restart_on_change("app", stop, _work, settings, worker)


def _work(settings: ServiceSettings, worker: str, stop: Stop) -> None:
    # On the event loop that this project chose.
    event_loop.run(resolve_name(worker)(settings, stop))
