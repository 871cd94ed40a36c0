"""What a route can ask for, by the names of its parameters: sessions, and what requests share."""

from collections.abc import AsyncGenerator

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.params import SkipValidation
from litestar.types import Scope
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.session import ReadSession, Sessions
from app.kit.resources import SharedResources

NO_WRITE = "A WebSocket has no `Write`: ask for `Factories`, and begin a session for each message."

Read = NamedDependency[ReadSession]
Write = NamedDependency[AsyncSession]
Factories = NamedDependency[SkipValidation[Sessions]]
Shared = NamedDependency[SkipValidation[SharedResources]]


def get_resources(state: State) -> SharedResources:
    """Return what requests and WebSockets share."""
    resources: SharedResources = state.resources
    return resources


def get_sessions(resources: Shared) -> Sessions:
    """Return the session factories, for work that outlives its request, or a message."""
    return resources.sessions


# Litestar resumes a generator, and so commits, before it sends the response: a COMMIT that
# fails is an error like any other.
async def _begin_write(sessions: Factories, scope: Scope) -> AsyncGenerator[AsyncSession]:
    if scope["type"] == ScopeType.WEBSOCKET:
        # The client's disconnect would roll back everything that it was answered before.
        raise RuntimeError(NO_WRITE)
    async with sessions.write.begin() as session:
        yield session


async def _open_read(sessions: Factories) -> AsyncGenerator[ReadSession]:
    async with sessions.read() as session:
        yield session


DEPENDENCIES = {
    "read": Provide(_open_read),
    "resources": Provide(get_resources, sync_to_thread=False),
    "sessions": Provide(get_sessions, sync_to_thread=False),
    "write": Provide(_begin_write),
}
