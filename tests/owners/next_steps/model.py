"""A visit to a company."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.kit.db.base import Entity
from app.kit.db.types import ExactDecimal, UtcDateTime


class Lowercase(TypeDecorator[str]):
    """A text in small letters."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return `value` as it is stored."""
        return value.lower() if value else value


class Mood(StrEnum):
    """How it went."""

    GOOD = "good"
    BAD = "bad"


class Visit(Entity):
    """A visit, perhaps after another one."""

    __tablename__ = "visits"

    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    after_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    price: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2), server_default="0")
    mood: Mapped[Mood]
    code: Mapped[str] = mapped_column(Lowercase)
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default="{}")
    notes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
