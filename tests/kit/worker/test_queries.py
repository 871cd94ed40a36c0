"""Queries about companies and customers."""

from decimal import Decimal
from typing import Any

import pytest

from app.companies.queries import (
    EXPORT_BATCH,
    create_company,
    delete_company,
    get_company,
    list_companies,
    stream_companies,
    update_company,
)
from app.customers.model import Stage
from app.customers.queries import create_customer, delete_customer, get_customer, list_customers
from app.kit.db.session import Sessions
from app.kit.errors import ConflictError, NotFoundError
from scripts.create_test_data import create_test_data

ACME = {"name": "Acme", "industry": "Anvils"}
INES: dict[str, Any] = {
    "name": "Ines",
    "email": "ines@example.com",
    "stage": Stage.ACTIVE,
    "credit": Decimal("12.50"),
}


async def test_a_company_is_changed_and_deleted_with_its_customers(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        company = await create_company(session, **ACME)
        customer = await create_customer(session, company.id, **INES)
        before = company.updated_at
        await update_company(session, company.id, changes={"industry": "Rockets"})
        assert (company.name, company.industry) == ("Acme", "Rockets")
        assert company.updated_at > before
    async with sessions.write.begin() as session:
        await delete_company(session, company.id)
    async with sessions.read() as session:
        with pytest.raises(NotFoundError, match="no company"):
            await get_company(session, company.id)
        with pytest.raises(NotFoundError, match="no customer"):
            await get_customer(session, customer.id)


async def test_a_name_can_be_taken_only_once(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await create_company(session, **ACME)
        with pytest.raises(ConflictError):
            await create_company(session, **ACME)


async def test_pages_follow_each_other(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        for number in range(5):
            await create_company(session, name=f"Company {number}", industry="Any")
    sizes: list[int] = []
    after: str | None = ""
    async with sessions.read() as session:
        while after is not None:
            page = await list_companies(session, limit=2, after=after)
            sizes.append(len(page.items))
            after = page.next
    assert sizes == [2, 2, 1]


async def test_the_export_has_every_company(sessions: Sessions) -> None:
    count = 2 * EXPORT_BATCH + 1
    async with sessions.write.begin() as session:
        await create_test_data(await session.connection(), companies=count, customers=0)
    async with sessions.snapshot() as session:
        sizes = [len(batch) async for batch in stream_companies(session)]
    assert sizes == [EXPORT_BATCH, EXPORT_BATCH, 1]


async def test_a_customer_belongs_to_a_company(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        company = await create_company(session, **ACME)
        with pytest.raises(NotFoundError, match="no company"):
            await create_customer(session, company.id + 1, **INES)
        customer = await create_customer(session, company.id, **INES)
        assert (await list_customers(session, company.id, limit=2)).items == [customer]
        with pytest.raises(NotFoundError, match="no company"):
            await list_customers(session, company.id + 1, limit=2)
        await delete_customer(session, customer.id)
        with pytest.raises(NotFoundError, match="no customer"):
            await delete_customer(session, customer.id)
        assert (await list_customers(session, company.id, limit=2)).items == []
