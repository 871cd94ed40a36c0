"""Keyset pages: each begins after the last id of the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.base import Entity

Row = TypeVar("Row", bound=Entity)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the `after` of the next page: None on the last."""

    items: Sequence[Row]
    next: int | None


async def fetch_page(
    session: AsyncSession, query: Select[Row], model: type[Row], *, limit: int, after: int
) -> Page[Row]:
    """Return at most `limit` rows of `query` whose id is greater than `after`, in order."""
    # One row more than asked for tells whether there is a next page.
    query = query.where(model.id > after).order_by(model.id).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    items = rows[:limit]
    return Page(items, items[-1].id if len(rows) > limit else None)
