"""What clients send and receive."""

from datetime import datetime
from typing import Annotated

from pydantic import MISSING, BaseModel, ConfigDict, Field

from app.db.types import MAX_ID
from app.models.company import MAX_TEXT
from app.models.customer import MAX_EMAIL

# {% include "schemas/patterns.py" %}

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]
Email = Annotated[str, Field(min_length=3, max_length=MAX_EMAIL, pattern=EMAIL)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Response(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PageQuery(_Request):
    """Which page: at most `limit` items, those whose id is greater than `after`."""

    limit: int = Field(default=50, ge=1, le=200)
    after: int = Field(default=0, ge=0, le=MAX_ID)


class CompanyCreate(_Request):
    """A new company."""

    name: Text
    industry: Text


class CompanyUpdate(_Request):
    """What changes; a field that is left out stays as it is."""

    name: Text | MISSING = MISSING
    industry: Text | MISSING = MISSING


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
