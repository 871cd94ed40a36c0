"""The base classes of all models, and their registration."""

from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Literal

# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy import MetaData, String, Table, event
# {% else %}
from sqlalchemy import MetaData, event
# {% endif %}
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column

# {% if cookiecutter.__database == "mysql" %}
from app.kit.db.types import COLLATION, Members, PrimaryKey
# {% else %}
from app.kit.db.types import Members, PrimaryKey
# {% endif %}

APP = Path(__file__).parents[2]

# A constraint with a name can be changed by a migration.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # {% if cookiecutter.__database == "mysql" %}
    # There is no VARCHAR without a length here.
    type_annotation_map = {Enum: Members, Literal: Members, str: String(255)}  # noqa: RUF012  SQLAlchemy declares it so
    # {% else %}
    type_annotation_map = {Enum: Members, Literal: Members}  # noqa: RUF012  SQLAlchemy declares it so
    # {% endif %}

    # An async session can't fetch what the server computed when the attribute is read
    # later, so INSERT and UPDATE return it. The default, "auto", leaves out UPDATE.
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  SQLAlchemy declares it so


class Entity(Base):
    """A model with a number as its key, which the database gives."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True, sort_order=-1)
# {% if cookiecutter.__database == "mysql" %}


@event.listens_for(Table, "after_parent_attach")
def _compare_exactly(table: Table, metadata: MetaData) -> None:
    # So autogenerate writes it into the migration, too.
    if metadata is Base.metadata:
        table.dialect_kwargs["mysql_collate"] = COLLATION
# {% endif %}


@event.listens_for(Mapper, "before_configured")
def register_models() -> None:
    """Import the modules `model` and `models` below `app`, and those in folders `models`.

    Called before the first query, so that a model may refer to others by their names, whichever
    of them a program imports.
    """
    for file in sorted(APP.rglob("*.py")):
        if {"model", "models"} & {file.stem, file.parent.name}:
            parts = file.relative_to(APP.parent).with_suffix("").parts
            import_module(".".join(parts).removesuffix(".__init__"))
