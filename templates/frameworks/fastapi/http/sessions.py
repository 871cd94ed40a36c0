"""What a route can ask for: a session, or the session factories."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated, TypeVar

from fastapi import Depends
from fastapi.dependencies.utils import get_dependant, solve_dependencies
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.session import ReadSession, Sessions
from app.kit.resources import SharedResources

T = TypeVar("T")

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


async def _begin_write(connection: HTTPConnection) -> AsyncSession:
    if connection.scope["type"] == "websocket":
        # The client's disconnect would roll back everything that it was answered before.
        raise RuntimeError(NO_WRITE)
    return await _until_answered(connection, (await _sessions(connection)).write.begin())


async def _open_read(connection: HTTPConnection) -> ReadSession:
    return await _until_answered(connection, (await _sessions(connection)).read())


async def _until_answered(connection: HTTPConnection, session: AbstractAsyncContextManager[T]) -> T:
    # FastAPI's own stack for scope="function", which ends before the response is sent. A session
    # does by itself what a dependency with `yield` would add, cancel scopes among it.
    found: T = await connection.scope["fastapi_function_astack"].enter_async_context(session)
    return found


async def _sessions(connection: HTTPConnection) -> Sessions:
    # No parameter, which would be a level more, unless a test has put something in its place.
    if get_sessions not in connection.app.dependency_overrides:
        return await get_sessions(connection)
    solved = await solve_dependencies(
        request=connection,  # type: ignore[arg-type]  # a Request or a WebSocket
        dependant=_OVERRIDDEN,
        dependency_overrides_provider=connection.app,
        async_exit_stack=connection.scope["fastapi_inner_astack"],
        embed_body_fields=False,
    )
    sessions: Sessions = solved.values["sessions"]
    return sessions


async def _take(sessions: Factories) -> None: ...


_OVERRIDDEN = get_dependant(path="/", call=_take)

# scope="function" ends the session, and so commits, before the response is sent. By
# default it would end after: the client reads 200, and then COMMIT fails.
Write = Annotated[AsyncSession, Depends(_begin_write, scope="function")]
Read = Annotated[ReadSession, Depends(_open_read, scope="function")]
