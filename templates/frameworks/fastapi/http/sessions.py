"""What a route can ask for: a session, or the session factories."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.session import ReadSession, Sessions
from app.kit.resources import SharedResources

NO_WRITE = "A WebSocket has no `Write`: ask for `Factories`, and begin a session for each message."


async def get_resources(connection: HTTPConnection) -> SharedResources:
    """Return what requests and WebSockets share.

    A coroutine, although it waits for nothing: FastAPI runs plain functions in threads.
    """
    resources: SharedResources = connection.app.state.resources
    return resources


async def get_sessions(connection: HTTPConnection) -> Sessions:
    """Return the session factories, for work that outlives its request, or a message.

    It does not depend on `Shared`: each level of dependencies costs each request time.
    """
    return (await get_resources(connection)).sessions


Factories = Annotated[Sessions, Depends(get_sessions)]


async def _begin_write(
    sessions: Factories, connection: HTTPConnection
) -> AsyncIterator[AsyncSession]:
    if connection.scope["type"] == "websocket":
        # The client's disconnect would roll back everything that it was answered before.
        raise RuntimeError(NO_WRITE)
    async with sessions.write.begin() as session:
        yield session


async def _open_read(sessions: Factories) -> AsyncIterator[ReadSession]:
    async with sessions.read() as session:
        yield session


# scope="function" ends the dependency, and so commits, before the response is sent. By
# default it would end after: the client reads 200, and then COMMIT fails.
Write = Annotated[AsyncSession, Depends(_begin_write, scope="function")]
Read = Annotated[ReadSession, Depends(_open_read, scope="function")]
