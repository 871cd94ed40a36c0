"""A customer of a company."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.companies.model import MAX_TEXT, Company
from app.kit.db.base import Entity
from app.kit.db.types import ExactDecimal, UtcDateTime, utc_now

MAX_EMAIL = 254


class Stage(StrEnum):
    """How far a company is with a customer."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    FORMER = "former"


class Customer(Entity):
    """A customer, who goes when the company goes."""

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint(f"{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(name) BETWEEN 1 AND {MAX_TEXT}", name="name_length"),
        CheckConstraint(f"{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(email) BETWEEN 3 AND {MAX_EMAIL}", name="email_length"),
        CheckConstraint("credit >= 0", name="credit"),
        # The order of pages; its first column also serves the foreign key.
        Index(None, "company_id", "name", "id"),
    )

    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(MAX_TEXT))
    email: Mapped[str] = mapped_column(String(MAX_EMAIL))
    stage: Mapped[Stage]
    credit: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    company: Mapped[Company] = relationship(back_populates="customers", lazy="raise")
