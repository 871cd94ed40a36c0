"""A copy of the models as the database stores them, which Alembic's autogenerate compares with it.

A migration must run when today's code is gone. So it uses SQL types only and imports nothing of
the application: a TypeDecorator is written as the type that it stores, and the CHECK of an Enum as
a constraint of its table.
"""

import warnings
from typing import Any

import sqlalchemy as sa
# {% if cookiecutter.__database != "postgresql" %}
from alembic.util import CommandError
# {% endif %}
# {% if cookiecutter.__database == "postgresql" %}
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM
# {% endif %}
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from app.kit.db import differences

QUIET = [
    "Cannot correctly sort tables",  # that refer to each other: `differences` sorts them
    "Computed default on",  # can't be modified; Alembic warns even if nothing changed
    "Did not recognize type",  # then Alembic does not compare it
]

# {% if cookiecutter.__database == "postgresql" %}
WITHOUT_SQL = {DOMAIN, TypeEngine, UserDefinedType}
# {% else %}
WITHOUT_SQL = {TypeEngine, UserDefinedType}
# {% endif %}
"""SQLAlchemy's own types that a migration can't name."""


class SqlType(UserDefinedType[Any]):
    """A type by its name in SQL, which a migration can write without importing anything."""

    cache_ok = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_options: Any) -> str:
        return self.sql

    def __repr__(self) -> str:
        spec = f"lambda *_, **__: {self.sql!r}"
        return 'type("SqlType", (sa.types.UserDefinedType,), {"get_col_spec": ' + spec + "})()"


def autogenerate_options(metadata: sa.MetaData, dialect: sa.Dialect) -> dict[str, Any]:
    # {% if cookiecutter.__database == "postgresql" %}
    """Return what Alembic's `configure` needs to compare the database with `metadata`."""
    # {% else %}
    """Return what Alembic's `configure` needs to compare the database with `metadata`.

    Raises alembic.util.CommandError for a table in another schema.
    """
    # {% endif %}
    stored = as_stored(metadata, dialect)
    schemas = {None, *(table.schema for table in stored.tables.values())}
    # {% if cookiecutter.__database != "postgresql" %}
    for table in stored.tables.values():
        if table.schema:
            raise CommandError(
                # {% if cookiecutter.__database == "mysql" %}
                f"The table {table} is in another schema, which is another database here: give "
                "it a name that says where it belongs instead."
                # {% else %}
                f"The table {table} is in another schema, which is another file here: give "
                "it a name that says where it belongs instead."
                # {% endif %}
            )
    # {% endif %}
    for message in QUIET:
        warnings.filterwarnings("ignore", message)
    return {
        "target_metadata": stored,
        "autogenerate_plugins": [
            "alembic.autogenerate.*",
            # Sees CHECK constraints, by their names.
            "alembic.ext.checkconstraint_byname",
            differences.__name__,
        ],
        "user_module_prefix": "",
        "compare_server_default": True,
        "include_schemas": True,
        # Other schemas may be somebody else's.
        "include_name": lambda name, kind, _parents: kind != "schema" or name in schemas,
    }


def as_stored(metadata: sa.MetaData, dialect: sa.Dialect) -> sa.MetaData:
    """Return a copy of `metadata` that names only what the database stores."""

    def plain(schema: str | None) -> Any:
        return None if schema == dialect.default_schema_name else schema

    copies = sa.MetaData(naming_convention=metadata.naming_convention)
    for model in metadata.tables.values():
        table = model.to_metadata(
            copies,
            schema=plain(model.schema),
            referred_schema_fn=lambda _table, _schema, _key, referred: plain(referred),
        )
        table.info = {}
        for key in table.foreign_key_constraints:
            # `differences` separates foreign keys in a circle.
            key.use_alter = False
        for column in table.columns:
            _store_column(column, table, dialect)
        for check in _checks(table):
            # The database cuts a name that is too long, and Alembic compares it uncut.
            cut: Any = dialect.identifier_preparer.truncate_and_render_constraint_name
            check.name = conv(cut(check.name, _alembic_quote=False))
    return copies


def _store_column(column: sa.Column[Any], table: sa.Table, dialect: sa.Dialect) -> None:
    # Alembic ignores a constraint that is declared at a column.
    for constraint in column.constraints:
        table.append_constraint(constraint)
    column.constraints = set()
    for check in _checks(table):
        # The CHECK of an Enum or a Boolean becomes an ordinary one, if this database needs it.
        # Its name is the column's: a table may use the same Enum twice.
        if check._type_bound and column in check.columns.values():  # noqa: SLF001  SQLAlchemy asks the same
            table.constraints.remove(check)
            if check._create_rule(dialect.ddl_compiler(dialect, None)):  # type: ignore[arg-type, misc]  # noqa: SLF001  as above
                info = {differences.MEMBERS_OF: column}
                own = sa.CheckConstraint(check.sqltext, name=column.name, info=info)
                table.append_constraint(own)
    # {% if cookiecutter.__database == "mysql" %}
    # MariaDB has no NOT NULL for these.
    column.nullable = column.nullable or column.computed is not None
    # {% endif %}
    # {% if cookiecutter.__database != "postgresql" %}
    if column.identity is not None:
        column.server_default = column.identity = None
    # {% endif %}
    column.type = stored_type(column.type, dialect)


def _checks(table: sa.Table) -> list[sa.CheckConstraint]:
    return [rule for rule in table.constraints if isinstance(rule, sa.CheckConstraint)]


def stored_type(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the type that `type_` stores: one of SQLAlchemy's own, or else a SqlType."""
    type_ = type_._variant_mapping.get(dialect.name, type_)  # noqa: SLF001  the only way to ask
    kind = next(base for base in type(type_).__mro__ if base.__module__.startswith("sqlalchemy."))
    if kind is TypeDecorator:
        return stored_type(type_.load_dialect_impl(dialect), dialect)
    if isinstance(type_, sa.ARRAY):
        type_ = type_.copy()
        type_.item_type = stored_type(type_.item_type, dialect)
        return SqlType(_sql(type_, dialect)) if isinstance(type_.item_type, SqlType) else type_
    if isinstance(type_, sa.Boolean | sa.Enum):
        return _stored_members(type_, dialect)
    sql = _sql(type_, dialect)
    if kind not in WITHOUT_SQL:
        plain = type_ if kind is type(type_) else type_.adapt(kind)
        if _sql(plain, dialect) == sql:
            return plain
    return SqlType(sql)


def _stored_members(type_: sa.Boolean | sa.Enum, dialect: sa.Dialect) -> TypeEngine[Any]:
    """Return the type without its CHECK, which is a constraint of the table."""
    if isinstance(type_, sa.Boolean):
        return sa.Boolean()
    if not (type_.native_enum and dialect.supports_native_enum):
        return sa.String(type_.length)
    # {% if cookiecutter.__database == "postgresql" %}
    return ENUM(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)
    # {% else %}
    return type_
    # {% endif %}


def _sql(type_: Any, dialect: sa.Dialect) -> str:
    return str(type_.compile(dialect=dialect))
