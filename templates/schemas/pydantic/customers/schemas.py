# {% if cookiecutter.__web %}
"""What clients send and receive about customers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.companies.schemas import Text
from app.customers.model import MAX_EMAIL
from app.kit.schemas import EMAIL, RequestSchema, ResponseSchema
# {% else %}
"""What is checked before it becomes a customer."""

from typing import Annotated

from pydantic import Field

from app.companies.schemas import Text
from app.customers.model import MAX_EMAIL
from app.kit.schemas import EMAIL, RequestSchema
# {% endif %}

Email = Annotated[str, Field(min_length=3, max_length=MAX_EMAIL, pattern=EMAIL)]


class CustomerCreate(RequestSchema):
    """A new customer."""

    name: Text
    email: Email
# {% if cookiecutter.__web %}


class CustomerRead(ResponseSchema):
    """A customer."""

    id: int
    company_id: int
    name: str
    email: str
    created_at: datetime


class CustomerPage(ResponseSchema):
    """A page of customers; `next` is the `after` of the next page, null on the last."""

    items: list[CustomerRead]
    next: int | None
# {% endif %}
