"""What clients send and receive about companies."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from app.companies.model import MAX_TEXT
from app.kit.schemas import TEXT, RequestSchema, ResponseSchema

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]


class CompanyCreate(RequestSchema):
    """A new company."""

    name: Text
    industry: Text


class CompanyUpdate(RequestSchema):
    """What changes; a field that is left out stays as it is."""

    name: Text | UnsetType = UNSET
    industry: Text | UnsetType = UNSET


class CompanyRead(ResponseSchema):
    """A company."""

    id: int
    name: str
    industry: str
    created_at: datetime
    updated_at: datetime


class CompanyPage(ResponseSchema):
    """A page of companies; `next` is the `after` of the next page, null on the last."""

    items: list[CompanyRead]
    next: str | None
