"""What jobs of the tests leave behind."""

from sqlalchemy import func, select

from app.companies.model import Company
from app.kit.db.session import Sessions


async def count_companies(sessions: Sessions) -> int:
    """Return how many companies are committed."""
    async with sessions.read() as session:
        return await session.scalar(select(func.count()).select_from(Company)) or 0
