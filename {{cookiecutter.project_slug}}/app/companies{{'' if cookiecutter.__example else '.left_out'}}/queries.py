"""Queries about companies. They flush at most; the caller owns the transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy import CursorResult, bindparam, delete, select
# {% else %}
from sqlalchemy import CursorResult, bindparam, delete, select, update
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.kit.db.failures import conflict_means
from app.kit.errors import NotFoundError
from app.kit.pages import Page, fetch_page

EXPORT_BATCH = 500
"""Rows that an export fetches, and holds in memory, at a time."""

TAKEN = "There is a company with this name already."

# Built once: `session.get` would build the same query with every call.
_BY_ID = select(Company).where(Company.id == bindparam("id"))


async def list_companies(session: AsyncSession, *, limit: int, after: str = "") -> Page[Company]:
    """Return a page of the companies by id; raises InvalidError for a wrong cursor."""
    return await fetch_page(session, select(Company), Company.id, limit=limit, after=after)


async def get_company(session: AsyncSession, company_id: int) -> Company:
    """Return the company; raises NotFoundError."""
    company = await session.scalar(_BY_ID, {"id": company_id})
    if company is None:
        raise NotFoundError("company", company_id)
    return company


async def create_company(session: AsyncSession, *, name: str, industry: str) -> Company:
    """Add a company; raises ConflictError if the name is taken."""
    company = Company(name=name, industry=industry)
    session.add(company)
    with conflict_means(TAKEN):
        await session.flush()
    return company


async def update_company(
    session: AsyncSession, company_id: int, *, changes: Mapping[str, str]
) -> Company:
    """Set the columns in `changes`; raises NotFoundError, or ConflictError for a taken name."""
    # {% if cookiecutter.__database == "mysql" %}
    company = await get_company(session, company_id)
    for column, value in changes.items():
        setattr(company, column, value)
    with conflict_means(TAKEN):
        await session.flush()
    # {% else %}
    if not changes:
        return await get_company(session, company_id)
    change = update(Company).where(Company.id == company_id).values(**changes).returning(Company)
    with conflict_means(TAKEN):
        # An object that the session has already gets the new values, too.
        company = await session.scalar(change, execution_options={"populate_existing": True})
    if company is None:
        raise NotFoundError("company", company_id)
    # {% endif %}
    return company


async def delete_company(session: AsyncSession, company_id: int) -> None:
    """Delete the company and its customers; raises NotFoundError."""
    result = await session.execute(delete(Company).where(Company.id == company_id))
    if not cast("CursorResult[Any]", result).rowcount:
        raise NotFoundError("company", company_id)


async def stream_companies(session: AsyncSession) -> AsyncIterator[Sequence[Company]]:
    """Yield all companies in batches, each of them one query.

    They agree with each other in a session of `Sessions.snapshot`. Unlike a cursor, it holds
    nothing in the server that an abandoned stream would have to give back.
    """
    after: str | None = ""
    while after is not None:
        page = await list_companies(session, limit=EXPORT_BATCH, after=after)
        if page.items:
            yield page.items
        after = page.next
