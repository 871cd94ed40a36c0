"""Sessions for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from app.kit.commands.command_error import CommandError
from app.kit.commands.preflight import ready_engine
from app.kit.db.diagnosis import explain
from app.kit.db.failures import Failure, classify
from app.kit.db.session import Sessions, create_sessions
from app.kit.errors import DomainError
from app.kit.settings import ServiceSettings


@asynccontextmanager
async def open_sessions(settings: ServiceSettings) -> AsyncIterator[Sessions]:
    """Yield sessions on a ready database; raises CommandError if it is not ready, or gets lost.

    A mistake in a statement is none: its traceback says where it is.
    """
    async with ready_engine(settings) as engine:
        try:
            yield create_sessions(engine)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except SQLAlchemyError as error:
            if classify(error) is Failure.UNAVAILABLE:
                raise CommandError(explain(error, settings)) from error
            raise
