"""Routes that an owner writes, with FastAPI."""

import asyncio

from fastapi import APIRouter, BackgroundTasks, WebSocket
from fastapi.responses import StreamingResponse

from app.kit.http.sessions import Factories, Read, Write
from app.work import add_late, add_own, count, read_late, stream_late, work_then_task

router = APIRouter()


@router.post("/late/write/background", status_code=202)
async def write_in_background(session: Write, tasks: BackgroundTasks) -> None:
    tasks.add_task(add_late, session)


@router.post("/late/read/background", status_code=202)
async def read_in_background(session: Read, tasks: BackgroundTasks) -> None:
    tasks.add_task(read_late, session)


@router.post("/late/write/task", status_code=202)
async def write_in_task(session: Write) -> None:
    asyncio.create_task(add_late(session))


@router.post("/late/write/concurrent", status_code=202)
async def use_at_once(session: Write) -> None:
    await work_then_task(session)


@router.get("/late/read/stream")
async def stream(session: Read) -> StreamingResponse:
    return StreamingResponse(stream_late(session))


@router.post("/own/background", status_code=202)
async def own_in_background(sessions: Factories, tasks: BackgroundTasks) -> None:
    tasks.add_task(add_own, sessions)


@router.websocket("/ws/read")
async def read(socket: WebSocket, session: Read) -> None:
    await socket.accept()
    async for _ in socket.iter_text():
        await socket.send_text(str(await count(session)))


@router.websocket("/ws/messages")
async def messages(socket: WebSocket, sessions: Factories) -> None:
    await socket.accept()
    async for name in socket.iter_text():
        await socket.send_text(str(await add_own(sessions, name)))


@router.websocket("/ws/write")
async def write(socket: WebSocket, session: Write) -> None:
    await socket.accept()
    await socket.send_text(str(await count(session)))
