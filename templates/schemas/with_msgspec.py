"""What clients send and receive."""

from datetime import datetime
from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType, convert

from app.models.company import MAX_TEXT
from app.models.customer import MAX_EMAIL

# {% include "schemas/patterns.py" %}

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]
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


class _Request(Struct, forbid_unknown_fields=True):
    pass


class _Response(Struct):
    @classmethod
    def of(cls, source: object) -> Self:
        """Return what to answer about `source`, by its attributes."""
        return convert(source, cls, from_attributes=True)


class CompanyCreate(_Request):
    """A new company."""

    name: Text
    industry: Text


class CompanyUpdate(_Request):
    """What changes; a field that is left out stays as it is."""

    name: Text | UnsetType = UNSET
    industry: Text | UnsetType = UNSET


class CompanyRead(_Response):
    """A company."""

    id: int
    name: str
    industry: str
    created_at: datetime
    updated_at: datetime


class CompanyPage(_Response):
    """A page of companies; `next` is the `after` of the next page, null on the last."""

    items: list[CompanyRead]
    next: int | None


class CustomerCreate(_Request):
    """A new customer."""

    name: Text
    email: Email


class CustomerRead(_Response):
    """A customer."""

    id: int
    company_id: int
    name: str
    email: str
    created_at: datetime


class CustomerPage(_Response):
    """A page of customers; `next` is the `after` of the next page, null on the last."""

    items: list[CustomerRead]
    next: int | None
