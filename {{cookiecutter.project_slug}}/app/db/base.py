"""The base classes of all models."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.db.types import PrimaryKey

# A constraint with a name can be changed by a migration.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all models share."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)

    # An async session can't fetch what the server computed when the attribute is read
    # later, so INSERT and UPDATE return it. The default, "auto", leaves out UPDATE.
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  SQLAlchemy declares it so


class Entity(Base):
    """A model with a number as its key, which the database gives."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True, sort_order=-1)
