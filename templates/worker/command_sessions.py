"""Sessions for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.commands.errors import CommandError
from app.commands.preflight import diagnosed, ready_engine
from app.config import Settings
from app.db.session import Sessions, create_sessions
from app.errors import NotFoundError


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[Sessions]:
    """Yield sessions on a database that is ready; what is wrong is a CommandError."""
    with diagnosed(settings):
        async with ready_engine(settings) as engine:
            try:
                yield create_sessions(engine)
            except NotFoundError as error:
                raise CommandError(str(error)) from error
