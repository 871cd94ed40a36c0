"""A handler that an owner writes, whose tasks outlive the job."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.resources import resources_of_job
from app.work import add_late, add_own


async def leave_tasks_behind(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    asyncio.create_task(add_late(session))
    asyncio.create_task(add_own(resources_of_job(session).sessions))
