# {% if cookiecutter.__web %}
"""What clients send and receive about customers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.companies.schemas import CompanyRead, Text
from app.customers.model import MAX_EMAIL, Stage
from app.kit.schemas import EMAIL, MONEY, RequestSchema, ResponseSchema
# {% else %}
"""What is checked before it becomes a customer."""

from typing import Annotated

from pydantic import Field

from app.companies.schemas import Text
from app.customers.model import MAX_EMAIL, Stage
from app.kit.schemas import EMAIL, MONEY, RequestSchema
# {% endif %}

Email = Annotated[str, Field(min_length=3, max_length=MAX_EMAIL, pattern=EMAIL)]
# A text: to many programs, a number of JSON is a float.
Amount = Annotated[str, Field(pattern=MONEY)]


class CustomerCreate(RequestSchema):
    """A new customer."""

    name: Text
    email: Email
    stage: Stage = Stage.ACTIVE
    credit: Amount = "0.00"
# {% if cookiecutter.__web %}


class CustomerRead(ResponseSchema):
    """A customer."""

    id: int
    company_id: int
    name: str
    email: str
    stage: Stage
    credit: Decimal
    created_at: datetime


class CustomerDetails(CustomerRead):
    """A customer and the company."""

    company: CompanyRead


class CustomerPage(ResponseSchema):
    """A page of customers; `next` is the `after` of the next page, null on the last."""

    items: list[CustomerRead]
    next: str | None
# {% endif %}
