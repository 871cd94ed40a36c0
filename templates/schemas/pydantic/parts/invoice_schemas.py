# {% if cookiecutter.__web %}
"""What clients send and receive about invoices."""

from decimal import Decimal
# {% else %}
"""What is checked before it becomes an invoice."""

# {% endif %}
from typing import Annotated

from pydantic import Field

from app.invoices.model import MAX_NUMBER, MAX_TEXT, Status
# {% if cookiecutter.__web %}
from app.kit.schemas import MONEY, TEXT, RequestSchema, ResponseSchema
# {% else %}
from app.kit.schemas import MONEY, TEXT, RequestSchema
# {% endif %}

Number = Annotated[str, Field(min_length=1, max_length=MAX_NUMBER, pattern=TEXT)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT)]
# A text: to many programs, a number of JSON is a float.
Amount = Annotated[str, Field(pattern=MONEY)]


class LineCreate(RequestSchema):
    text: Text
    amount: Amount


class InvoiceCreate(RequestSchema):
    number: Number
    lines: list[LineCreate]
    status: Status = Status.DRAFT
# {% if cookiecutter.__web %}


class LineRead(ResponseSchema):
    text: str
    amount: Decimal


class InvoiceRead(ResponseSchema):
    id: int
    number: str
    status: Status
    lines: list[LineRead]
# {% endif %}
