"""Visits over HTTP and WebSockets."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, BackgroundTasks, WebSocket
from fastapi.responses import StreamingResponse
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.kit.db.session import Sessions
from app.kit.http.sessions import Factories, Read, Write
from app.visits.model import Mood, Visit

router = APIRouter()


async def add_visit(session: AsyncSession) -> None:
    company_id = await session.scalar(select(func.min(Company.id)))
    session.add(Visit(company_id=company_id, mood=Mood.GOOD, code="ABC"))
    await session.flush()


async def add_with_own(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        await add_visit(session)


@router.get("/visits")
async def count_visits(session: Read) -> int:
    return await session.scalar(text("SELECT count(*) FROM visits")) or 0


@router.post("/visits/late", status_code=202)
async def add_late(session: Write, tasks: BackgroundTasks) -> None:
    tasks.add_task(add_visit, session)


@router.post("/visits/own", status_code=202)
async def add_own(sessions: Factories, tasks: BackgroundTasks) -> None:
    tasks.add_task(add_with_own, sessions)


@router.get("/visits/late")
async def stream_late(session: Read) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        yield str(await session.scalar(select(func.count()).select_from(Visit)))

    return StreamingResponse(lines())


@router.get("/visits/slow")
async def hold_a_connection(session: Write) -> None:
    await session.execute(text("SELECT 1"))
    await asyncio.sleep(1.5)


@router.websocket("/visits/socket")
async def talk(socket: WebSocket, sessions: Factories) -> None:
    await socket.accept()
    async for _ in socket.iter_text():
        await add_with_own(sessions)
        async with sessions.read() as session:
            await socket.send_text(str(await session.scalar(select(func.count(Visit.id)))))
