"""What jobs are given."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from app.db.types import MAX_ID
from app.models.company import MAX_TEXT
from app.models.customer import MAX_EMAIL

# {% include "schemas/patterns.py" %}

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]
Email = Annotated[str, Field(min_length=3, max_length=MAX_EMAIL, pattern=EMAIL)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCompany(_Payload):
    """A company to add."""

    name: Text
    industry: Text


class NewCompanies(_Payload):
    """The payload of `import_companies`."""

    companies: Annotated[list[NewCompany], FailFast()]


class NewCustomer(_Payload):
    """A customer to add."""

    name: Text
    email: Email


class NewCustomers(_Payload):
    """The payload of `import_customers`."""

    company_id: Id
    customers: Annotated[list[NewCustomer], FailFast()]


def first_mistake(error: ValidationError) -> str:
    """Return where the first mistake is and what it is, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
