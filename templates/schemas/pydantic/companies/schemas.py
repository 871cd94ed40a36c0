# {% if cookiecutter.__web %}
"""What clients send and receive about companies."""

from datetime import datetime
from typing import Annotated

from pydantic import MISSING, Field

from app.companies.model import MAX_TEXT
from app.kit.schemas import TEXT, RequestSchema, ResponseSchema
# {% else %}
"""What is checked before it becomes a company."""

from typing import Annotated

from pydantic import Field

from app.companies.model import MAX_TEXT
from app.kit.schemas import TEXT, RequestSchema
# {% endif %}

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]


class CompanyCreate(RequestSchema):
    """A new company."""

    name: Text
    industry: Text
# {% if cookiecutter.__web %}


class CompanyUpdate(RequestSchema):
    """What changes; a field that is left out stays as it is."""

    name: Text | MISSING = MISSING
    industry: Text | MISSING = MISSING


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
# {% endif %}
