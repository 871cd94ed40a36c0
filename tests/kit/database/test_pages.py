"""Keyset pages in every order lose no row and repeat none, and wrong cursors are refused."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import BigInteger, Float, Integer, MetaData, String, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from app.kit.db.base import Entity
from app.kit.db.session import Sessions, create_sessions
from app.kit.db.types import MAX_ID, ExactDecimal, UtcDateTime
from app.kit.errors import InvalidError
from app.kit.pages import Page, fetch_page

TEXTS = ["b", "a", "B", "A", "a", "é", "e", "E", "a ", "Żółć", "日本", "🏭", "'", "b", "z", ""]
MOMENT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


class Color(StrEnum):
    """Colors, which the database sorts as texts."""

    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Item(Entity):
    """A row with a column of each type that pages may be in the order of."""

    # Of its own: no migration is about it.
    metadata = MetaData()
    __tablename__ = "items"

    name: Mapped[str] = mapped_column(String(20))
    color: Mapped[Color]
    place: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(BigInteger)
    weight: Mapped[float] = mapped_column(Float(53))
    price: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_new: Mapped[bool]
    note: Mapped[str | None] = mapped_column(String(20))


def an_item(number: int) -> Item:
    """Return an item whose values several others have, too."""
    some = number % 4
    return Item(
        name=TEXTS[number],
        color=[*Color][number % 3],
        place=some - 2,
        size=MAX_ID - some,
        weight=some / 7,
        price=Decimal(some) / 100 - 1,
        seen_at=MOMENT + timedelta(microseconds=some),
        is_new=number % 2 == 0,
    )


ORDERS = {
    column.key: column
    for column in (
        *(Item.id, Item.name, Item.color, Item.place, Item.size, Item.weight, Item.price),
        *(Item.seen_at, Item.is_new),
    )
}
in_each_order = pytest.mark.parametrize("by", ORDERS.values(), ids=ORDERS.keys())


@pytest.fixture(scope="module")
async def no_items(engine: AsyncEngine) -> AsyncIterator[Sessions]:
    """Yield sessions on a database with a table for items, made once for all tests."""
    async with engine.begin() as connection:
        await connection.run_sync(Item.metadata.create_all)
    yield create_sessions(engine)
    async with engine.begin() as connection:
        await connection.run_sync(Item.metadata.drop_all)


@pytest.fixture
async def items(no_items: Sessions) -> AsyncIterator[Sessions]:
    """Yield sessions on a database with items."""
    async with no_items.write.begin() as session:
        session.add_all(map(an_item, range(len(TEXTS))))
    yield no_items
    async with no_items.write.begin() as session:
        await session.execute(delete(Item))


async def page_of(
    sessions: Sessions, by: InstrumentedAttribute[Any], *, after: str, limit: int = 3
) -> Page[Item]:
    """Return a page of items."""
    async with sessions.read() as session:
        return await fetch_page(session, select(Item), by, limit=limit, after=after)


def cursor(*values: object) -> str:
    """Return a cursor that somebody has made up."""
    return urlsafe_b64encode(json.dumps(values).encode()).decode()


@in_each_order
@pytest.mark.parametrize("limit", [1, 3, 16])
async def test_each_row_is_on_one_page_whatever_is_deleted(
    items: Sessions, by: InstrumentedAttribute[Any], limit: int
) -> None:
    async with items.read() as session:
        expected = [*await session.scalars(select(Item.id).order_by(by, Item.id))]
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        page = await page_of(items, by, after=after, limit=limit)
        assert 0 < len(page.items) <= limit
        seen += [item.id for item in page.items]
        after = page.next
        # The row that the cursor names, and others that have been seen.
        async with items.write.begin() as session:
            await session.execute(delete(Item).where(Item.id.in_(seen[-2:])))
    assert seen == expected


async def test_without_rows_there_is_one_empty_page(no_items: Sessions) -> None:
    assert await page_of(no_items, Item.name, after="") == Page([], None)


@in_each_order
@pytest.mark.parametrize(
    "wrong",
    [
        *("x", "-1", "é", "\ud800", "=" * 5, "9" * 2_000, cursor(), cursor(1, 2, 3), cursor({})),
        *(cursor(None, 1), cursor("x", 0.5), cursor(1, MAX_ID + 1), cursor("\0", 1)),
    ],
)
async def test_another_text_is_no_cursor(
    no_items: Sessions, by: InstrumentedAttribute[Any], wrong: str
) -> None:
    with pytest.raises(InvalidError, match="after"):
        await page_of(no_items, by, after=wrong)


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (Item.size, -(2**70)),
        (Item.color, "yellow"),
        (Item.price, "0.125"),
        (Item.price, "1e40"),
        (Item.price, "NaN"),
        (Item.seen_at, "2026-01-01T00:00:00"),
        (Item.seen_at, "0001-01-01T00:00:00+14:00"),
    ],
)
async def test_a_value_that_its_column_can_not_have_is_no_cursor(
    no_items: Sessions, by: InstrumentedAttribute[Any], value: object
) -> None:
    with pytest.raises(InvalidError, match="after"):
        await page_of(no_items, by, after=cursor(value, 1))


async def test_a_number_may_be_larger_than_its_column(no_items: Sessions) -> None:
    assert not (await page_of(no_items, Item.place, after=cursor(2**40, 1))).items


async def test_a_column_that_may_be_null_is_refused(no_items: Sessions) -> None:
    with pytest.raises(ValueError, match=r"Item\.note has NULLs"):
        await page_of(no_items, Item.note, after="")
