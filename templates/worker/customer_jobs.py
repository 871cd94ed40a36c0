"""Jobs about customers."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import FailFast
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.queries import create_customer
from app.customers.schemas import CustomerCreate
from app.kit.schemas import Id, RequestSchema


class NewCustomers(RequestSchema):
    """The payload of `import_customers`."""

    company_id: Id
    customers: Annotated[list[CustomerCreate], FailFast()]


async def import_customers(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the customers or none; raises NotFoundError if their company is not there (yet)."""
    new = NewCustomers.model_validate(payload)
    for customer in new.customers:
        await create_customer(session, new.company_id, name=customer.name, email=customer.email)
