"""Routes that an owner writes, with Sanic."""

import asyncio
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, Websocket, empty

from app.kit.http.requests import sessions_of
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task

blueprint = Blueprint("owner")


@blueprint.post("/late/write/background")
async def write_in_background(request: Request[Any, Any]) -> HTTPResponse:
    async with sessions_of(request).write.begin() as session:
        request.app.add_task(add_late(session))
    return empty(202)


@blueprint.post("/late/read/background")
async def read_in_background(request: Request[Any, Any]) -> HTTPResponse:
    async with sessions_of(request).read() as session:
        request.app.add_task(read_late(session), name="read_late")
    return empty(202)


@blueprint.post("/late/write/task")
async def write_in_task(request: Request[Any, Any]) -> HTTPResponse:
    async with sessions_of(request).write.begin() as session:
        asyncio.create_task(add_late(session))
    return empty(202)


@blueprint.post("/late/write/concurrent")
async def use_at_once(request: Request[Any, Any]) -> HTTPResponse:
    async with sessions_of(request).write.begin() as session:
        await work_then_task(session)
    return empty(202)


@blueprint.get("/late/read/stream")
async def stream(request: Request[Any, Any]) -> None:
    async with sessions_of(request).read() as session:
        lines = stream_late(session)
    response = await request.respond()
    async for line in lines:
        await response.send(line)
    await response.eof()


@blueprint.post("/own/background")
async def own_in_background(request: Request[Any, Any]) -> HTTPResponse:
    request.app.add_task(add_own(sessions_of(request)))
    return empty(202)


@blueprint.websocket("/ws/read")
async def read(request: Request[Any, Any], socket: Websocket) -> None:
    async with sessions_of(request).read() as session:
        async for _ in socket:
            await socket.send(str(await count(session)))


@blueprint.websocket("/ws/messages")
async def messages(request: Request[Any, Any], socket: Websocket) -> None:
    async for name in socket:
        await socket.send(str(await add_own(sessions_of(request), str(name))))
