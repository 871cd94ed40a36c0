"""Routes that an owner writes, with aiohttp."""

import asyncio

from aiohttp import WSMsgType, web

from app.kit.http.requests import sessions_of
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task

routes = web.RouteTableDef()


@routes.post("/late/write/background")
async def write_in_background(request: web.Request) -> web.Response:
    async with sessions_of(request).write.begin() as session:
        asyncio.get_running_loop().create_task(add_late(session))
    return web.Response(status=202)


@routes.post("/late/read/background")
async def read_in_background(request: web.Request) -> web.Response:
    async with sessions_of(request).read() as session:
        asyncio.get_running_loop().create_task(read_late(session))
    return web.Response(status=202)


@routes.post("/late/write/task")
async def write_in_task(request: web.Request) -> web.Response:
    async with sessions_of(request).write.begin() as session:
        asyncio.create_task(add_late(session))
    return web.Response(status=202)


@routes.post("/late/write/concurrent")
async def use_at_once(request: web.Request) -> web.Response:
    async with sessions_of(request).write.begin() as session:
        await work_then_task(session)
    return web.Response(status=202)


@routes.get("/late/read/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    async with sessions_of(request).read() as session:
        lines = stream_late(session)
    response = web.StreamResponse()
    await response.prepare(request)
    async for line in lines:
        await response.write(line)
    return response


@routes.post("/own/background")
async def own_in_background(request: web.Request) -> web.Response:
    asyncio.get_running_loop().create_task(add_own(sessions_of(request)))
    return web.Response(status=202)


@routes.get("/ws/read")
async def read(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async with sessions_of(request).read() as session:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(str(await count(session)))
    return socket


@routes.get("/ws/messages")
async def messages(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(str(await add_own(sessions_of(request), message.data)))
    return socket
