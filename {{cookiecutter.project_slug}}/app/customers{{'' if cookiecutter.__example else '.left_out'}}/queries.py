"""Queries about customers. They flush at most; the caller owns the transaction."""

from decimal import Decimal
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.companies.queries import get_company
from app.customers.model import Customer, Stage
from app.kit.errors import NotFoundError
from app.kit.pages import Page, fetch_page

# In the same round trip.
_COMPANY = joinedload(Customer.company, innerjoin=True)
_BY_ID = select(Customer).options(_COMPANY).where(Customer.id == bindparam("id"))


async def list_customers(
    session: AsyncSession, company_id: int, *, limit: int, after: str = ""
) -> Page[Customer]:
    """Return a page of the company's customers by name; raises NotFoundError, or InvalidError."""
    query = select(Customer).where(Customer.company_id == company_id)
    page = await fetch_page(session, query, Customer.name, limit=limit, after=after)
    if not page.items:
        await get_company(session, company_id)
    return page


async def get_customer(session: AsyncSession, customer_id: int) -> Customer:
    """Return the customer with its company loaded; raises NotFoundError."""
    customer = await session.scalar(_BY_ID, {"id": customer_id})
    if customer is None:
        raise NotFoundError("customer", customer_id)
    return customer


async def create_customer(
    session: AsyncSession, company_id: int, *, name: str, email: str, stage: Stage, credit: Decimal
) -> Customer:
    """Add a customer to the company; raises NotFoundError if there is no such company."""
    await get_company(session, company_id)
    customer = Customer(company_id=company_id, name=name, email=email, stage=stage, credit=credit)
    session.add(customer)
    await session.flush()
    return customer


async def delete_customer(session: AsyncSession, customer_id: int) -> None:
    """Delete the customer; raises NotFoundError."""
    result = await session.execute(delete(Customer).where(Customer.id == customer_id))
    if not cast("CursorResult[Any]", result).rowcount:
        raise NotFoundError("customer", customer_id)
