"""What clients send and receive about customers."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from app.companies.schemas import Text
from app.customers.model import MAX_EMAIL
from app.kit.schemas import EMAIL, RequestSchema, ResponseSchema

Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=MAX_EMAIL,
        # Python's $ matches before a last line break, too; the one of OpenAPI does not.
        pattern=EMAIL + r"(?!\n)",
        extra_json_schema={"extra": {"pattern": EMAIL}},
    ),
]


class CustomerCreate(RequestSchema):
    """A new customer."""

    name: Text
    email: Email


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
