"""Routes that an owner writes, with Quart."""

import asyncio
from collections.abc import AsyncIterator

from quart import Blueprint, current_app, stream_with_context, websocket

from app.kit.http.sessions import begin_write, get_sessions, open_read
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task

blueprint = Blueprint("owner", __name__)


@blueprint.post("/late/write/background")
async def write_in_background() -> tuple[str, int]:
    async with begin_write() as session:
        current_app.add_background_task(add_late, session)
    return "", 202


@blueprint.post("/late/read/background")
async def read_in_background() -> tuple[str, int]:
    async with open_read() as session:
        current_app.add_background_task(read_late, session)
    return "", 202


@blueprint.post("/late/write/task")
async def write_in_task() -> tuple[str, int]:
    async with begin_write() as session:
        asyncio.create_task(add_late(session))
    return "", 202


@blueprint.post("/late/write/concurrent")
async def use_at_once() -> tuple[str, int]:
    async with begin_write() as session:
        await work_then_task(session)
    return "", 202


@blueprint.get("/late/read/stream")
async def stream() -> AsyncIterator[bytes]:
    async with open_read() as session:

        @stream_with_context
        async def lines() -> AsyncIterator[bytes]:
            async for line in stream_late(session):
                yield line

        return lines()


@blueprint.post("/own/background")
async def own_in_background() -> tuple[str, int]:
    current_app.add_background_task(add_own, get_sessions())
    return "", 202


@blueprint.websocket("/ws/read")
async def read() -> None:
    async with open_read() as session:
        while True:
            await websocket.receive()
            await websocket.send(str(await count(session)))


@blueprint.websocket("/ws/messages")
async def messages() -> None:
    while True:
        name = await websocket.receive()
        await websocket.send(str(await add_own(get_sessions(), str(name))))
