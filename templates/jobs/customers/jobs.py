"""Jobs about customers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

# {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
from msgspec import Meta, convert
# {% else %}
from pydantic import FailFast
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.queries import create_customer
from app.customers.schemas import CustomerCreate
# {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
from app.kit.db.types import MAX_ID
from app.kit.schemas import RequestSchema
# {% else %}
from app.kit.schemas import Id, RequestSchema
# {% endif %}


class NewCustomers(RequestSchema):
    """The payload of `import_customers`."""

    # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
    company_id: Annotated[int, Meta(ge=1, le=MAX_ID)]
    customers: list[CustomerCreate]
    # {% else %}
    company_id: Id
    customers: Annotated[list[CustomerCreate], FailFast()]
    # {% endif %}


async def import_customers(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the customers or none; raises NotFoundError if their company is not there (yet)."""
    # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
    new = convert(payload, NewCustomers)
    # {% else %}
    new = NewCustomers.model_validate(payload)
    # {% endif %}
    for customer in new.customers:
        await create_customer(
            session,
            new.company_id,
            name=customer.name,
            email=customer.email,
            stage=customer.stage,
            credit=Decimal(customer.credit),
        )
