"""The sessions that a route can ask for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import ReadSession, Sessions


async def get_sessions(request: Request) -> Sessions:
    """Return the session factories, for routes whose response outlives the route.

    A coroutine, although it waits for nothing: FastAPI runs plain functions in threads.
    """
    sessions: Sessions = request.app.state.sessions
    return sessions


async def _begin_write(request: Request) -> AsyncIterator[AsyncSession]:
    async with (await get_sessions(request)).write.begin() as session:
        yield session


async def _open_read(request: Request) -> AsyncIterator[ReadSession]:
    async with (await get_sessions(request)).read() as session:
        yield session


# scope="function" ends the dependency, and so commits, before the response is sent. By
# default it would end after: the client reads 200, and then COMMIT fails.
Write = Annotated[AsyncSession, Depends(_begin_write, scope="function")]
Read = Annotated[ReadSession, Depends(_open_read, scope="function")]
