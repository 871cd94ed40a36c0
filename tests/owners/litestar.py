"""Routes that an owner writes, with Litestar."""

import asyncio
from typing import Any

from litestar import Response, WebSocket, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import WebSocketDisconnect
from litestar.response import Stream

from app.kit.http.sessions import Factories, Read, Write
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task


@post("/late/write/background", status_code=202)
async def write_in_background(write: Write) -> Response[None]:
    return Response(None, background=BackgroundTask(add_late, write))


@post("/late/read/background", status_code=202)
async def read_in_background(read: Read) -> Response[None]:
    return Response(None, background=BackgroundTask(read_late, read))


@post("/late/write/task", status_code=202)
async def write_in_task(write: Write) -> None:
    asyncio.create_task(add_late(write))


@post("/late/write/concurrent", status_code=202)
async def use_at_once(write: Write) -> None:
    await work_then_task(write)


@get("/late/read/stream")
async def stream(read: Read) -> Stream:
    return Stream(stream_late(read))


@post("/own/background", status_code=202)
async def own_in_background(sessions: Factories) -> Response[None]:
    return Response(None, background=BackgroundTask(add_own, sessions))


@websocket("/ws/read")
async def read_socket(socket: WebSocket[Any, Any, Any], read: Read) -> None:
    await socket.accept()
    try:
        while True:
            await socket.receive_text()
            await socket.send_text(str(await count(read)))
    except WebSocketDisconnect:
        pass


@websocket("/ws/messages")
async def messages(socket: WebSocket[Any, Any, Any], sessions: Factories) -> None:
    await socket.accept()
    try:
        while True:
            name = await socket.receive_text()
            await socket.send_text(str(await add_own(sessions, name)))
    except WebSocketDisconnect:
        pass


@websocket("/ws/write")
async def write_socket(socket: WebSocket[Any, Any, Any], write: Write) -> None:
    await socket.accept()
    await socket.send_text(str(await count(write)))


HANDLERS = [
    write_in_background,
    read_in_background,
    write_in_task,
    use_at_once,
    stream,
    own_in_background,
    read_socket,
    messages,
    write_socket,
]
