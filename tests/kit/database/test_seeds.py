"""The scripts that fill the database."""

from sqlalchemy import func, select

from app.companies.model import Company
from app.customers.model import Customer
from app.kit.db.session import Sessions
from scripts.create_test_data import create_test_data
from scripts.seed_database import COMPANIES, seed


async def test_seeding_twice_is_seeding_once(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        assert await seed(session) == len(COMPANIES)
    async with sessions.write.begin() as session:
        assert await seed(session) == 0
    async with sessions.read() as session:
        names = set(await session.scalars(select(Company.name)))
    assert names == COMPANIES.keys()


async def test_test_data_has_the_size_that_was_asked_for(sessions: Sessions) -> None:
    for _ in range(2):
        async with sessions.write.begin() as session:
            await create_test_data(await session.connection(), companies=30, customers=100)
    async with sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(Company)) == 60
        assert await session.scalar(select(func.count()).select_from(Customer)) == 200
