"""`python -m app dev`: everything that a developer needs, in one command."""

from contextlib import AsyncExitStack

from alembic.util import CommandError as AlembicError
from sqlalchemy import select

from app import event_loop
from app.commands.errors import CommandError
# {% if cookiecutter.__local_database %}
from app.commands.local_database import how_to_connect
# {% endif %}
# {% if cookiecutter.__web %}
from app.commands.preflight import diagnosed, ensure_port_is_free
from app.commands.serve import start_server
# {% else %}
from app.commands.preflight import diagnosed, ensure_pool_is_large_enough
from app.commands.work import start_worker
# {% endif %}
from app.config import Settings
from app.db.engine import open_engine
from app.db.migration_guard import for_migrations
from app.db.migrations import upgrade
from app.db.session import create_sessions
from app.models import Company


def dev(settings: Settings) -> None:
    # {% if cookiecutter.__web %}
    """Bring the database, migrate it, seed it if it is empty, serve and reload."""
    ensure_port_is_free(settings)
    # {% else %}
    """Bring the database, migrate it, seed it if it is empty, work and reload."""
    ensure_pool_is_large_enough(settings)
    # {% endif %}
    # {% if cookiecutter.__local_database %}
    if hint := how_to_connect(settings):
        print(hint, flush=True)
    # {% elif not cookiecutter.__networked %}
    print(f"SQLite: {settings.sqlalchemy_url.database}", flush=True)
    # {% endif %}
    try:
        event_loop.run(_prepare(settings))
    except AlembicError as error:
        raise CommandError(str(error)) from error
    # {% if cookiecutter.__web %}
    start_server(settings, reload=True)
    # {% else %}
    start_worker(settings, reload=True)
    # {% endif %}


async def _prepare(settings: Settings) -> None:
    # Not part of the service: a production image is without the scripts.
    from scripts.seed_database import seed  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        # An unreachable database needs one sentence; a migration that fails needs its traceback.
        with diagnosed(settings):
            engine = await stack.enter_async_context(open_engine(for_migrations(settings)))
            async with engine.connect():
                pass
        async with engine.connect() as connection:
            await upgrade(connection)
        sessions = create_sessions(engine)
        async with sessions.read() as session:
            empty = await session.scalar(select(Company.id).limit(1)) is None
        if empty:
            async with sessions.write.begin() as session:
                print(f"The database is empty: seeded {await seed(session)} companies.")
