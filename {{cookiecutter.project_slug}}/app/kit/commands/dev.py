"""`python -m app dev`: everything that a developer needs, in one command."""

from contextlib import AsyncExitStack
from pkgutil import resolve_name

from alembic.util import CommandError as AlembicError

from app import event_loop
from app.kit.commands.command_error import CommandError
# {% if cookiecutter.__local_database %}
from app.kit.commands.local_database import how_to_connect
# {% endif %}
# {% if cookiecutter.__web and cookiecutter.__jobs %}
from app.kit.commands.preflight import (
    diagnosed,
    ensure_pool_is_large_enough,
    ensure_port_is_free,
)
# {% elif cookiecutter.__web %}
from app.kit.commands.preflight import diagnosed, ensure_port_is_free
# {% elif cookiecutter.__jobs %}
from app.kit.commands.preflight import diagnosed, ensure_pool_is_large_enough
# {% else %}
from app.kit.commands.preflight import diagnosed
# {% endif %}
# {% if cookiecutter.__web and cookiecutter.__jobs %}
from app.kit.commands.processes import Worker
# {% elif cookiecutter.__jobs %}
from app.kit.commands.processes import StopSignals
# {% endif %}
# {% if cookiecutter.__web %}
from app.kit.commands.serve import start_server
# {% endif %}
from app.kit.commands.service import Service
# {% if cookiecutter.__jobs %}
from app.kit.commands.work import work_and_reload
# {% endif %}
from app.kit.db.engine import open_engine
from app.kit.db.migration_guard import for_migrations
from app.kit.db.migrations import upgrade
from app.kit.db.session import create_sessions
from app.kit.log import configure_log
from app.kit.settings import ServiceSettings


def dev(settings: ServiceSettings, service: Service) -> None:
    # {% if cookiecutter.__web and cookiecutter.__jobs %}
    """Bring the database, migrate it, seed it if it is empty, serve, work and reload."""
    # {% elif cookiecutter.__web %}
    """Bring the database, migrate it, seed it if it is empty, serve and reload."""
    # {% elif cookiecutter.__jobs %}
    """Bring the database, migrate it, seed it if it is empty, work and reload."""
    # {% else %}
    """Bring the database, migrate it, and seed it if it is empty."""
    # {% endif %}
    configure_log(settings, prints=True)
    # {% if cookiecutter.__web %}
    ensure_port_is_free(settings)
    # {% endif %}
    # {% if cookiecutter.__jobs %}
    ensure_pool_is_large_enough(settings)
    # {% endif %}
    # {% if cookiecutter.__local_database %}
    if hint := how_to_connect(settings):
        print(hint, flush=True)
    # {% elif not cookiecutter.__networked %}
    print(f"SQLite: {settings.sqlalchemy_url.database}", flush=True)
    # {% endif %}
    try:
        event_loop.run(_prepare(settings, seed=service.seed))
    except AlembicError as error:
        raise CommandError(str(error)) from error
    # {% if cookiecutter.__web and cookiecutter.__jobs %}
    beside = Worker(work_and_reload, settings, service.worker)
    try:
        start_server(settings, service.application, reload=True)
    finally:
        beside.ask_to_stop()
        beside.process.join()
    # {% elif cookiecutter.__web %}
    start_server(settings, service.application, reload=True)
    # {% elif cookiecutter.__jobs %}
    work_and_reload(settings, service.worker, StopSignals())
    # {% else %}
    print("The database is ready.")
    # {% endif %}


async def _prepare(settings: ServiceSettings, *, seed: str) -> None:
    async with AsyncExitStack() as stack:
        # An unreachable database needs one sentence; a migration that fails needs its traceback.
        with diagnosed(settings):
            engine = await stack.enter_async_context(open_engine(for_migrations(settings)))
            async with engine.connect():
                pass
        async with engine.connect() as connection:
            await upgrade(connection)
        if added := await resolve_name(seed)(create_sessions(engine)):
            print(f"The database was empty: seeded {added}.")
