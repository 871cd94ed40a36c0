"""Jobs that import companies and customers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.companies import create_company
from app.customers import create_customer
from app.worker.payloads import NewCompanies, NewCustomers


async def import_companies(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the companies or none; raises IntegrityError if a name is taken."""
    for company in NewCompanies.model_validate(payload).companies:
        await create_company(session, name=company.name, industry=company.industry)


async def import_customers(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the customers or none; raises NotFoundError if their company is not there (yet)."""
    new = NewCustomers.model_validate(payload)
    for customer in new.customers:
        await create_customer(session, new.company_id, name=customer.name, email=customer.email)
