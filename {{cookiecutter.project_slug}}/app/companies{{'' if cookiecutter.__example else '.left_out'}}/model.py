"""A company, which has many customers."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.db.base import Entity
from app.kit.db.types import UtcDateTime, utc_now

if TYPE_CHECKING:
    from app.customers.model import Customer

MAX_TEXT = 120


class Company(Entity):
    """A company; no two have the same name."""

    __tablename__ = "companies"
    # In the table's arguments, because autogenerate does not see a column's constraints.
    __table_args__ = (
        CheckConstraint(f"{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(name) BETWEEN 1 AND {MAX_TEXT}", name="name_length"),
        CheckConstraint(f"{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(industry) BETWEEN 1 AND {MAX_TEXT}", name="industry_length"),
    )

    name: Mapped[str] = mapped_column(String(MAX_TEXT), unique=True)
    industry: Mapped[str] = mapped_column(String(MAX_TEXT))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)

    # "raise" names the attribute that a query forgot to load, where an async session
    # could only fail with MissingGreenlet.
    customers: Mapped[list["Customer"]] = relationship(
        back_populates="company",
        # The database deletes them too; whoever has loaded them does not write NULL into them.
        cascade="all, delete-orphan",
        lazy="raise",
        passive_deletes=True,
    )
