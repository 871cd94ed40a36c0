"""What an owner writes: work with a session that is over, and with one of its own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.session import Sessions

PAUSE = 0.1
"""Seconds that the work takes before it uses its session."""


async def add_late(session: AsyncSession) -> None:
    await asyncio.sleep(PAUSE)
    await create_company(session, name="Late", industry="Regrets")
    await session.commit()


async def read_late(session: AsyncSession) -> None:
    await asyncio.sleep(PAUSE)
    await count(session)


async def stream_late(session: AsyncSession) -> AsyncIterator[bytes]:
    """Yield lines."""
    yield b"begun\n"
    yield f"{await count(session)}\n".encode()


async def add_own(sessions: Sessions, name: str = "Own") -> int:
    async with sessions.write.begin() as session:
        return (await create_company(session, name=name, industry="Any")).id


async def count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Company)) or 0


async def work_then_task(session: AsyncSession) -> None:
    """Leave a task behind that is in the midst of a statement when its request ends."""
    asyncio.create_task(use_at_once(session))
    await asyncio.sleep(0)


async def use_at_once(session: AsyncSession) -> None:
    for number in range(5):
        await create_company(session, name=f"At once {uuid4()}", industry=f"Number {number}")
