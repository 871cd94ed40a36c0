"""`python -m app`: serve."""

# {% if cookiecutter.__one_process %}
import sys

# {% endif %}
from app import event_loop
from app.kit.commands.listener import Listener, address, listen
# {% if cookiecutter.__one_process %}
from app.kit.commands.preflight import (
    ensure_database_is_ready,
    ensure_one_process,
    ensure_port_is_free,
)
# {% else %}
from app.kit.commands.preflight import ensure_database_is_ready, ensure_port_is_free
# {% endif %}
from app.kit.commands.processes import Stop, StopSignals, keep_running, restart_on_change
from app.kit.commands.server import serve_until
from app.kit.log import open_output
from app.kit.settings import ServiceSettings


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
    stop = StopSignals()
    with listen(settings) as listener:
        host, port = address(listener)
        print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        # {% if cookiecutter.__one_process %}
        if reload and sys.platform == "win32":
            # A socket belongs to the first Proactor that uses it: each process opens its own.
            listener.close()
            restart_on_change("app", stop, _listen_and_serve, settings, application)
            return
        # {% endif %}
        if reload:
            restart_on_change("app", stop, _serve, settings, application, listener)
        elif settings.app_workers > 1:
            keep_running(settings.app_workers, stop, _serve, settings, application, listener)
        else:
            _serve(settings, application, listener, stop)


def _serve(settings: ServiceSettings, application: str, listener: Listener, stop: Stop) -> None:
    event_loop.run(serve_until(stop, settings, application, listener))
# {% if cookiecutter.__one_process %}


def _listen_and_serve(settings: ServiceSettings, application: str, stop: Stop) -> None:
    _serve(settings, application, listen(settings), stop)
# {% endif %}
