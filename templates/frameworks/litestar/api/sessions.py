"""The sessions that a route can ask for, by the names of its parameters."""

from collections.abc import AsyncGenerator

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import ReadSession, Sessions

Read = NamedDependency[ReadSession]
Write = NamedDependency[AsyncSession]
Factories = NamedDependency[SkipValidation[Sessions]]


def get_sessions(state: State) -> Sessions:
    """Return the session factories, for routes whose response outlives the route."""
    sessions: Sessions = state.sessions
    return sessions


# Litestar resumes a generator, and so commits, before it sends the response: a COMMIT that
# fails is an error like any other.
async def _begin_write(state: State) -> AsyncGenerator[AsyncSession]:
    async with get_sessions(state).write.begin() as session:
        yield session


async def _open_read(state: State) -> AsyncGenerator[ReadSession]:
    async with get_sessions(state).read() as session:
        yield session


DEPENDENCIES = {
    "sessions": Provide(get_sessions, sync_to_thread=False),
    "read": Provide(_open_read),
    "write": Provide(_begin_write),
}
