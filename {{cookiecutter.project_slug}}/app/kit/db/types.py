"""Column types that mean the same on every database."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy.dialects.mysql import DATETIME
# {% endif %}
from sqlalchemy.types import TypeDecorator

# {% if cookiecutter.__database == "sqlite" %}
# SQLite numbers rows by itself only for exactly this type, which has 64 bits there.
PrimaryKey = sa.Integer()
# {% else %}
PrimaryKey = sa.BigInteger()
# {% endif %}
MAX_ID = 2**63 - 1
# {% if cookiecutter.__database == "mysql" %}

COLLATION = "/*!80000 utf8mb4_0900_bin */ /*M! utf8mb4_nopad_bin */"
"""Texts are equal when every character is, as on other databases: "e" is neither "E" nor "é",
and a space at the end counts. MySQL reads the first name and MariaDB the second."""
# {% endif %}


def stored_members(members: type[Enum]) -> list[str]:
    """Return what is stored for each member: its value, or its name if a value is no string."""
    values = [member.value for member in members]
    has_texts = all(isinstance(value, str) for value in values)
    return values if has_texts else [member.name for member in members]


# A text with a CHECK: a migration can change it, on every database. A longer member does
# not change the column.
Members = sa.Enum(
    Enum, native_enum=False, create_constraint=True, length=255, values_callable=stored_members
)
"""The type of a column for `Mapped[SomeEnum]` and for `Mapped[Literal[...]]`."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored with microseconds and always returned in UTC.

    Raises ValueError for a datetime without a time zone: drivers disagree about what
    it means, and store the same one hours apart.
    """

    # {% if cookiecutter.__database == "mysql" %}
    impl = DATETIME(fsp=6)
    # {% else %}
    impl = sa.DateTime(timezone=True)
    # {% endif %}
    cache_ok = True
    python_type = property(lambda _self: datetime)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  the signature is SQLAlchemy's
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The datetime {value} has no time zone: use datetime.now(UTC).")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  the signature is SQLAlchemy's
        """Return `value` in UTC; databases without time zones return it naive."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal number of at most `digits` digits, `places` of them after the point.

    Raises ValueError for a number that does not fit: it is never rounded.
    """

    cache_ok = True
    python_type = property(lambda _self: Decimal)
    # {% if cookiecutter.__database == "sqlite" %}
    # SQLite has no decimals, only floats: a whole number of the last place is exact.
    impl = sa.BigInteger
    # {% else %}
    impl = sa.Numeric
    # {% endif %}

    def __init__(self, digits: int = 18, places: int = 2) -> None:
        """Make a type for numbers such as 1234567890123456.78, with at most 18 digits."""
        if not 0 <= places <= digits <= 18:  # noqa: PLR2004  what 64 bits can hold
            raise ValueError(f"{digits} digits, {places} after the point, can't be stored exactly.")
        self.digits, self.places = digits, places
        # {% if cookiecutter.__database == "sqlite" %}
        super().__init__()
        # {% else %}
        super().__init__(digits, places)
        # {% endif %}

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002  the signature is SQLAlchemy's
        if value is None:
            return None
        whole = value.scaleb(self.places)
        if not value.is_finite() or whole % 1 or abs(whole) >= 10**self.digits:
            raise ValueError(
                f"{value} does not fit into {self.digits} digits, {self.places} after the point."
            )
        # {% if cookiecutter.__database == "sqlite" %}
        return int(whole)
        # {% else %}
        return value
        # {% endif %}
    # {% if cookiecutter.__database == "sqlite" %}

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:  # noqa: ARG002  the signature is SQLAlchemy's
        return None if value is None else Decimal(value).scaleb(-self.places)
    # {% endif %}
