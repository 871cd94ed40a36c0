"""Models such as owners write, in versions that follow each other."""

from __future__ import annotations

from textwrap import dedent

PRELUDE = """
import sqlalchemy as sa
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, Literal
from uuid import UUID
from sqlalchemy import ARRAY, Computed, ForeignKey, Index, func, text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, UserDefinedType
from app.kit.db.base import Base, Entity
from app.kit.db.types import ExactDecimal, UtcDateTime, utc_now
"""

EVERYWHERE = [
    """
    class Money(TypeDecorator):
        impl = sa.Numeric
        cache_ok = True
        def __init__(self, currency):
            self.currency = currency
            super().__init__(12, 2)

    class Price(TypeDecorator):
        impl = Money("EUR")
        cache_ok = True

    class Document(TypeDecorator):
        impl = sa.JSON
        cache_ok = True
        def load_dialect_impl(self, dialect):
            return postgresql.JSONB() if dialect.name == "postgresql" else sa.JSON()

    class Weight(sa.Numeric):
        def __init__(self):
            super().__init__(10, 3)

    class Code(UserDefinedType):
        cache_ok = True
        def get_col_spec(self, **options):
            return "VARCHAR(77)"

    class Color(StrEnum):
        RED = "r"
        BLUE = "bl'ue"
        NAMED = "100% :named"

    class Level(IntEnum):
        LOW = 1
        HIGH = 10

    class Rate(Enum):
        HALF = "50%"
        PATH = "c:\\\\d"
        SIGN = ":x :y: \\\\:z"

    class Shelf(Entity):
        __tablename__ = "order"
        best_id: Mapped[int | None] = mapped_column(ForeignKey("things.id", use_alter=True))

    class Thing(Entity):
        __tablename__ = "things"
        __table_args__ = ({"comment": "it's", "info": {"object": object()}},)
        shelf_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("things.id"))
        seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
        exact: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
        price: Mapped[Decimal] = mapped_column(Price)
        document: Mapped[dict[str, Any]] = mapped_column(Document)
        weight: Mapped[Decimal] = mapped_column(Weight)
        code: Mapped[str | None] = mapped_column(Code)
        key: Mapped[UUID]
        pickled: Mapped[object] = mapped_column(sa.PickleType)
        mutable: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(sa.JSON))
        took: Mapped[timedelta] = mapped_column(sa.Interval)
        varied: Mapped[str] = mapped_column(
            Code().with_variant(mysql.LONGTEXT(), "mysql").with_variant(sa.Text(), "postgresql")
        )
        amount: Mapped[int] = mapped_column(
            sa.CheckConstraint("amount > 0", name="amount_positive"), comment="it's"
        )
        total: Mapped[int] = mapped_column(Computed("number * 2"))
        color: Mapped[Color] = mapped_column(server_default=Color.RED)
        other_color: Mapped[Color | None]
        level: Mapped[Level]
        rate: Mapped[Rate] = mapped_column(server_default=Rate.PATH.value)
        state: Mapped[Literal["new", "old"]] = mapped_column(index=True)
        flag: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True))
        number: Mapped[int] = mapped_column(server_default="7")
        name: Mapped[str] = mapped_column(sa.String(50), server_default="it's", unique=True)
        empty: Mapped[str] = mapped_column(sa.String(50), server_default="")
        sign: Mapped[str] = mapped_column(sa.String(50), server_default=text("'5% \\\\:x'"))
        signed: Mapped[str] = mapped_column(sa.String(50), Computed("replace(sign, '%', ' \\\\:')"))
        enabled: Mapped[bool] = mapped_column(server_default=sa.true())
        made_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
        ratio: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2), server_default="1.50")
        gross: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2), Computed("(number + 1) * 2"))
        day: Mapped[date] = mapped_column(server_default=text("'2020-01-01'"))

    class Tag(Entity):
        __tablename__ = "tags_of_things_with_a_name_that_is_almost_too_long_to_be_one"
        state_of_the_tag: Mapped[Literal["a", "b"]]
    """,
    """
    class Color(StrEnum):
        RED = "r"
        GREEN = "a green that is longer than all that was there before"

    class Thing(Entity):
        __tablename__ = "things"
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("things.id", ondelete="CASCADE"))
        seen_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
        exact: Mapped[Decimal] = mapped_column(ExactDecimal(14, 3))
        amount: Mapped[int] = mapped_column(sa.BigInteger)
        total: Mapped[int] = mapped_column(Computed("number * 2"))
        color: Mapped[Color | None]
        third_color: Mapped[Color] = mapped_column(server_default=Color.GREEN)
        level: Mapped[str] = mapped_column(sa.String(255))
        state: Mapped[Literal["new", "old", "o'lder"]] = mapped_column(unique=True)
        flag: Mapped[bool | None] = mapped_column(sa.Boolean(create_constraint=True))
        other_flag: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True))
        number: Mapped[int] = mapped_column(server_default="8")
        name: Mapped[str | None] = mapped_column(sa.String(60), index=True)
        empty: Mapped[str] = mapped_column(sa.Text)
        enabled: Mapped[bool] = mapped_column(server_default=sa.false())
        ratio: Mapped[Decimal] = mapped_column(sa.Numeric(12, 4))
        gross: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2), Computed("(number + 1) * 2"))

    class Tag(Entity):
        __tablename__ = "tags_of_things_with_a_name_that_is_almost_too_long_to_be_one"
        state_of_the_tag: Mapped[Literal["b", "c"]]
    """,
]

POSTGRESQL = [
    """
    class Short(TypeDecorator):
        impl = sa.String(20)
        cache_ok = True

    class Query(UserDefinedType):
        cache_ok = True
        def get_col_spec(self, **options):
            return "tsquery"

    class Size(Enum):
        SMALL = "s"
        LARGE = "l"

    class Invoice(Entity):
        __tablename__ = "invoices"
        __table_args__ = {"schema": "billing"}
        state: Mapped[Literal["open", "paid"]]
        corrects: Mapped[int | None] = mapped_column(ForeignKey("billing.invoices.id"), index=True)

    class Line(Entity):
        __tablename__ = "lines"
        __table_args__ = {"schema": "public"}
        invoice_id: Mapped[int] = mapped_column(ForeignKey("billing.invoices.id"))

    class Thing(Entity):
        __tablename__ = "things"
        texts: Mapped[list[str]] = mapped_column(ARRAY(Short), server_default="{}")
        moments: Mapped[list[Any]] = mapped_column(ARRAY(UtcDateTime, dimensions=2))
        queries: Mapped[list[str]] = mapped_column(postgresql.ARRAY(Query))
        states: Mapped[list[str]] = mapped_column(ARRAY(sa.Enum("a", "b", native_enum=False)))
        document: Mapped[dict[str, Any]] = mapped_column(
            MutableDict.as_mutable(postgresql.JSONB), server_default=text("'{}'::jsonb")
        )
        plain: Mapped[dict[str, Any]] = mapped_column(postgresql.JSON, server_default="{}")
        key: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
        address: Mapped[str] = mapped_column(postgresql.INET)
        words: Mapped[str] = mapped_column(postgresql.TSVECTOR)
        during: Mapped[object] = mapped_column(postgresql.TSTZRANGE)
        took: Mapped[timedelta] = mapped_column(server_default=text("interval '1 days'"))
        size: Mapped[Size] = mapped_column(sa.Enum(Size), server_default="LARGE")
        sizes: Mapped[list[Size]] = mapped_column(ARRAY(sa.Enum(Size)))
        lower: Mapped[str] = mapped_column(sa.Text, Computed("host(address)", persisted=True))
        __table_args__ = (
            Index(None, "document", postgresql_using="gin"),
            Index("ix_part", "key", unique=True, postgresql_where=text("lower IS NOT NULL")),
            Index("ix_expression", func.lower(text("lower")), text("key DESC")),
            postgresql.ExcludeConstraint(("during", "&&"), name="no_overlap", using="gist"),
        )
    """,
    """
    class Size(Enum):
        SMALL = "s"
        LARGE = "l"
        HUGE = "h"

    class Age(Enum):
        OLD = "o"

    class Invoice(Entity):
        __tablename__ = "invoices"
        __table_args__ = {"schema": "billing"}
        state: Mapped[Literal["open", "paid", "lost"]] = mapped_column(index=True)

    class Payment(Entity):
        __tablename__ = "payments"
        __table_args__ = {"schema": "billing"}
        invoice_id: Mapped[int] = mapped_column(ForeignKey("billing.invoices.id"))

    class Thing(Entity):
        __tablename__ = "things"
        document: Mapped[Any] = mapped_column(
            postgresql.JSONB, server_default=text("'[]'::jsonb")
        )
        plain: Mapped[Any] = mapped_column(postgresql.JSON, server_default="[]")
        took: Mapped[timedelta] = mapped_column(server_default=text("interval '2 days'"))
        size: Mapped[Size] = mapped_column(sa.Enum(Size))
        age: Mapped[Age] = mapped_column(sa.Enum(Age))
    """,
    """
    class Invoice(Entity):
        __tablename__ = "invoices"
        __table_args__ = {"schema": "billing"}

    class Thing(Entity):
        __tablename__ = "things"
    """,
]

MYSQL = [
    """
    class Thing(Entity):
        __tablename__ = "things"
        at: Mapped[datetime] = mapped_column(
            mysql.DATETIME(fsp=6), server_default=text("CURRENT_TIMESTAMP(6)")
        )
        large: Mapped[int] = mapped_column(mysql.BIGINT(unsigned=True))
        long: Mapped[str] = mapped_column(mysql.LONGTEXT(collation="utf8mb4_bin"))
        own: Mapped[str] = mapped_column(mysql.ENUM("a", "b"))
        native: Mapped[str] = mapped_column(sa.Enum("a", "b"))
        several: Mapped[str] = mapped_column(mysql.SET("a", "b"))
        __table_args__ = (Index("ix_prefix", "long", mysql_length=20),)
    """,
    """
    class Thing(Entity):
        __tablename__ = "things"
        own: Mapped[str] = mapped_column(mysql.ENUM("a", "b", "c"))
        native: Mapped[str] = mapped_column(sa.Enum("a", "b", "c"))
    """,
]


def sources(versions: list[str]) -> list[str]:
    """Return each version as a module."""
    return [PRELUDE + dedent(it) for it in versions]


CATALOGUES = {
    "sqlite": [sources(EVERYWHERE)],
    "postgresql": [sources(EVERYWHERE), sources(POSTGRESQL)],
    "mysql": [sources(EVERYWHERE), sources(MYSQL)],
}
"""For each database, the lists of versions that it can take."""
