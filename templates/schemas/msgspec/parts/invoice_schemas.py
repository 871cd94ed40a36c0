"""What clients send and receive about invoices."""

from decimal import Decimal
from typing import Annotated

from app.invoices.model import MAX_NUMBER, MAX_TEXT, Status
from app.kit.schemas import MONEY, TEXT, RequestSchema, ResponseSchema, matching

Number = Annotated[str, matching(TEXT, min_length=1, max_length=MAX_NUMBER)]
Text = Annotated[str, matching(TEXT, min_length=1, max_length=MAX_TEXT)]
# A text: to many programs, a number of JSON is a float.
Amount = Annotated[str, matching(MONEY)]


class LineCreate(RequestSchema):
    text: Text
    amount: Amount


class InvoiceCreate(RequestSchema):
    number: Number
    lines: list[LineCreate]
    status: Status = Status.DRAFT


class LineRead(ResponseSchema):
    text: str
    amount: Decimal


class InvoiceRead(ResponseSchema):
    id: int
    number: str
    status: Status
    lines: list[LineRead]
