"""Sessions for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.commands.errors import CommandError
from app.commands.preflight import diagnosed_engine, ensure_migrated
from app.config import Settings
from app.db.migrations import migration_state
from app.db.session import Sessions, create_sessions
from app.errors import NotFoundError


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[Sessions]:
    """Yield sessions on a database that is ready; what is wrong is a CommandError."""
    async with diagnosed_engine(settings) as engine:
        async with engine.connect() as connection:
            ensure_migrated(await migration_state(connection))
        try:
            yield create_sessions(engine)
        except NotFoundError as error:
            raise CommandError(str(error)) from error
