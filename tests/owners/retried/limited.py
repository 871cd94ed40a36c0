"""What an owner writes: a unit of work that is right only if it is the only one."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db import driver
from app.kit.errors import ConflictError

MOST = 3
"""Companies of an industry."""


async def add_one_of_few(session: AsyncSession, *, name: str, industry: str) -> Company:
    """Add a company; raises ConflictError if its industry has enough of them."""
    await session.connection(execution_options=driver.SERIALIZABLE_OPTIONS)
    count = select(func.count()).where(Company.industry == industry)
    if (await session.scalar(count) or 0) >= MOST:
        raise ConflictError("This industry has enough companies.")
    return await create_company(session, name=name, industry=industry)
