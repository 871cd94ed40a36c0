"""Column types mean the same on every database: what goes in comes out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.types import ExactDecimal, PrimaryKey, UtcDateTime

MOMENT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


class Color(Enum):
    """An enumeration with values that are not its names."""

    RED = "r"
    BLUE = "b"


SAMPLES = sa.Table(
    "samples",
    sa.MetaData(),
    sa.Column("id", PrimaryKey, primary_key=True),
    sa.Column("moment", UtcDateTime),
    sa.Column("amount", ExactDecimal(18, 6)),
    sa.Column("document", sa.JSON),
    sa.Column("prose", sa.Text),
    sa.Column("flag", sa.Boolean),
    sa.Column("color", sa.Enum(Color, native_enum=False)),
    sa.Column("key", sa.Uuid),
)


@pytest.fixture(scope="module")
async def samples(engine: AsyncEngine) -> AsyncIterator[None]:
    """Make the table for the tests of this file."""
    async with engine.begin() as connection:
        await connection.run_sync(SAMPLES.create)
    yield
    async with engine.begin() as connection:
        await connection.run_sync(SAMPLES.drop)


async def round_trip(engine: AsyncEngine, column: str, value: object) -> Any:
    """Store `value` and return what another connection reads."""
    async with engine.begin() as connection:
        stored = await connection.execute(SAMPLES.insert().values({column: value}))
        assert stored.inserted_primary_key
        key = stored.inserted_primary_key[0]
    async with engine.connect() as connection:
        return await connection.scalar(sa.select(SAMPLES.c[column]).where(SAMPLES.c.id == key))


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("moment", MOMENT),
        ("moment", datetime(1000, 1, 1, tzinfo=UTC)),
        ("moment", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("amount", Decimal("0.1")),
        ("amount", Decimal("-123456789012.345678")),
        ("amount", Decimal("999999999999.999999")),
        ("document", {"nested": [1, 2.5, None, True, {"ключ": "🏭 \" ' \\"}], "empty": {}}),
        ("document", []),
        ("prose", "🏭 \" ' \\ %s :name $1 ? \t\r\n\u2028" * 1000),
        ("prose", ""),
        ("flag", True),
        ("flag", False),
        ("color", Color.BLUE),
        ("key", UUID("01890a5d-ac96-774b-bcce-b302099a8057")),
        *((name, None) for name in ("moment", "amount", "prose", "flag", "color", "key")),
    ],
)
async def test_what_goes_in_comes_out(engine: AsyncEngine, column: str, value: object) -> None:
    found = await round_trip(engine, column, value)
    assert found == value
    # A driver may return a class of its own, as long as it is one.
    assert isinstance(found, type(value))


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize("hours", [0, 5, -8])
async def test_moments_come_back_in_utc(engine: AsyncEngine, hours: int) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=hours)))
    found = await round_trip(engine, "moment", there)
    assert found == MOMENT
    assert found.tzinfo == UTC


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("moment", MOMENT.replace(tzinfo=None), "has no time zone"),
        ("amount", Decimal("0.0000001"), "does not fit"),
        ("amount", Decimal(10**12), "does not fit"),
        ("amount", Decimal("NaN"), "does not fit"),
        ("amount", Decimal("Infinity"), "does not fit"),
    ],
)
async def test_what_would_be_changed_is_refused(
    engine: AsyncEngine, column: str, value: object, reason: str
) -> None:
    with pytest.raises(StatementError, match=reason):
        await round_trip(engine, column, value)
