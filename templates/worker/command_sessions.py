"""Sessions for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from app.commands.errors import CommandError
from app.commands.preflight import ready_engine
from app.config import Settings
from app.db.diagnosis import explain
from app.db.errors import Failure, classify
from app.db.session import Sessions, create_sessions
from app.errors import NotFoundError


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[Sessions]:
    """Yield sessions on a ready database; raises CommandError if it is not ready, or gets lost.

    A mistake in a statement is none: its traceback says where it is.
    """
    async with ready_engine(settings) as engine:
        try:
            yield create_sessions(engine)
        except NotFoundError as error:
            raise CommandError(str(error)) from error
        except SQLAlchemyError as error:
            if classify(error) is Failure.UNAVAILABLE:
                raise CommandError(explain(error, settings)) from error
            raise
