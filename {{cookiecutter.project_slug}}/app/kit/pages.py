"""Keyset pages: each begins after the last row of the one before, which may be gone by then."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from sqlalchemy import BigInteger, Select, inspect, literal, or_
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.db.types import MAX_ID
from app.kit.errors import InvalidError

Row = TypeVar("Row")
# A client may make a cursor up: no database takes a larger number, and PostgreSQL no NUL.
NUMBER = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
TEXT = Annotated[str, Field(pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of the next page: None on the last."""

    items: Sequence[Row]
    next: str | None


async def fetch_page(
    session: AsyncSession,
    query: Select[Row],
    by: InstrumentedAttribute[Any],
    *,
    limit: int,
    after: str,
) -> Page[Row]:
    """Return at most `limit` rows of `query` in the order of `by`, and of ids where it is equal.

    `after` is the cursor of the page, or empty; raises InvalidError for any other text. Raises
    ValueError if `by` may be NULL, or its type does not say what it is in Python.
    """
    cursor = _cursor(by)
    order = {by.key: by, "id": by.class_.id}
    try:
        if after:
            text = f"{after}==".encode(errors="replace")
            *first, last = cursor.validate_json(urlsafe_b64decode(text))
            beyond = order["id"] > last
            for value in first:
                # A number that is too large for an INTEGER can be compared with one.
                bound = literal(value, BigInteger() if type(value) is int else by.type)
                query, beyond = query.where(by >= bound), or_(by > bound, beyond)
            query = query.where(beyond)
        # One row more than asked for tells whether there is a next page.
        rows = (await session.scalars(query.order_by(*order.values()).limit(limit + 1))).all()
    except (binascii.Error, ValidationError, StatementError) as error:
        if not after or isinstance(error, DBAPIError):
            raise
        raise InvalidError("after: Send the `next` of a page, or leave it out.") from error
    if len(rows) <= limit:
        return Page(rows, None)
    end = to_json([getattr(rows[limit - 1], key) for key in order])
    return Page(rows[:limit], urlsafe_b64encode(end).rstrip(b"=").decode())


@cache
def _cursor(by: InstrumentedAttribute[Any]) -> TypeAdapter[tuple[Any, ...]]:
    """Return what reads a cursor: the value of `by` in the last row, and its id."""
    columns = inspect(by.class_).columns
    kinds = [columns[key].type.python_type for key in {by.key: by, "id": None}]
    if columns[by.key].nullable or object in kinds:
        raise ValueError(f"{by} has NULLs, or no `python_type`: it can't order pages.")
    pair: Any = tuple
    return TypeAdapter(pair[tuple({int: NUMBER, str: TEXT}.get(kind, kind) for kind in kinds)])
