"""Routes that an owner writes, with Starlette."""

import asyncio

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app.kit.http.requests import sessions_of
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task


async def write_in_background(request: Request) -> Response:
    async with sessions_of(request).write.begin() as session:
        return Response(status_code=202, background=BackgroundTask(add_late, session))


async def read_in_background(request: Request) -> Response:
    async with sessions_of(request).read() as session:
        return Response(status_code=202, background=BackgroundTask(read_late, session))


async def write_in_task(request: Request) -> Response:
    async with sessions_of(request).write.begin() as session:
        asyncio.create_task(add_late(session))
    return Response(status_code=202)


async def use_at_once(request: Request) -> Response:
    async with sessions_of(request).write.begin() as session:
        await work_then_task(session)
    return Response(status_code=202)


async def stream(request: Request) -> Response:
    async with sessions_of(request).read() as session:
        return StreamingResponse(stream_late(session))


async def own_in_background(request: Request) -> Response:
    return Response(status_code=202, background=BackgroundTask(add_own, sessions_of(request)))


async def read(socket: WebSocket) -> None:
    await socket.accept()
    async with sessions_of(socket).read() as session:
        async for _ in socket.iter_text():
            await socket.send_text(str(await count(session)))


async def messages(socket: WebSocket) -> None:
    await socket.accept()
    async for name in socket.iter_text():
        await socket.send_text(str(await add_own(sessions_of(socket), name)))


routes = [
    Route("/late/write/background", write_in_background, methods=["POST"]),
    Route("/late/read/background", read_in_background, methods=["POST"]),
    Route("/late/write/task", write_in_task, methods=["POST"]),
    Route("/late/write/concurrent", use_at_once, methods=["POST"]),
    Route("/late/read/stream", stream),
    Route("/own/background", own_in_background, methods=["POST"]),
    WebSocketRoute("/ws/read", read),
    WebSocketRoute("/ws/messages", messages),
]
