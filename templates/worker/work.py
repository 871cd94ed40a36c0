"""`python -m app`: work."""

from app import event_loop
from app.commands.preflight import ensure_database_is_ready, ensure_pool_is_large_enough
from app.commands.processes import Stop, StopSignals, keep_running, restart_on_change
from app.config import Settings
from app.main import work
from app.output import never_wait


def start(settings: Settings) -> None:
    """Check what the worker needs, and work until a signal ends it."""
    ensure_pool_is_large_enough(settings)
    event_loop.run(ensure_database_is_ready(settings))
    start_worker(settings)


def start_worker(settings: Settings, *, reload: bool = False) -> None:
    """Work on the event loop that this project chose."""
    never_wait()
    stop = StopSignals()
    print("Working", flush=True)
    if reload:
        restart_on_change("app", stop, _work, settings)
    elif settings.app_workers > 1:
        keep_running(settings.app_workers, stop, _work, settings)
    else:
        _work(settings, stop)


def _work(settings: Settings, stop: Stop) -> None:
    event_loop.run(work(settings, stop))
