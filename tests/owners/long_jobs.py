"""Jobs that an owner writes: slow ones, stubborn ones, and some that fail."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.companies.queries import create_company
from app.resources import resources_of_job


async def _reached(file: Path) -> None:
    while not await asyncio.to_thread(file.exists):  # noqa: ASYNC110  another process's
        await asyncio.sleep(0.05)


async def rest(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Compute until there is a file `write`, and after that write rest until there is `end`."""
    place = Path(payload["directory"])
    await session.scalar(select(Company.id).limit(1))
    (place / "begun").touch()
    await _reached(place / "write")
    await create_company(session, name="By the job", industry="Any")
    (place / "written").touch()
    await _reached(place / "end")


async def stubborn(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    while True:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            print("What was that?", flush=True)


async def block(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    time.sleep(300)  # noqa: ASYNC251  as owners do


async def execute(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    await session.execute(text(payload["statement"]), payload.get("values", {}))


async def send_an_object(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    await session.execute(text("SELECT :value"), {"value": object()})


async def wait_for_a_lock(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    change = text("UPDATE trial SET number = number + 1 WHERE id = 1")
    async with resources_of_job(session).sessions.write.begin() as other:
        await other.execute(change)
        await session.execute(change)


OWNERS = {
    "block": block,
    "execute": execute,
    "rest": rest,
    "send_an_object": send_an_object,
    "stubborn": stubborn,
    "wait_for_a_lock": wait_for_a_lock,
}
