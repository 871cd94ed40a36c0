"""PostgreSQL's schemas and ENUM types in migrations.

Alembic creates no schema. It creates a type only with its first table, and never drops it. Here
the migration itself does all of that, so that it can be downgraded and run again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from sqlalchemy.dialects.postgresql import ENUM


class Sql(ops.ExecuteSQLOp):
    """A statement, and the one that reverses it; "" if none does."""

    def __init__(self, sql: str, undo: str) -> None:
        super().__init__(sql)
        self.sql, self.undo = sql, undo

    def reverse(self) -> ops.MigrateOperation:
        return Sql(self.undo, self.sql) if self.undo else ops.ModifyTableOps("", [])


def enums(types: Iterable[Any]) -> Iterator[ENUM]:
    """Yield the ENUM types among `types`, also those of arrays."""
    for type_ in types:
        item = getattr(type_, "item_type", type_)
        if isinstance(item, ENUM):
            yield item


def arrange_names(context: AutogenContext, upgrade: ops.UpgradeOps) -> None:
    """Create missing schemas and types first; drop a type last, when no column uses it any more."""
    inspector: Any = context.inspector
    prepare: Any = context.migration_context.dialect.identifier_preparer
    tables = context.sorted_tables
    schemas = {table.schema for table in tables}
    first = [
        Sql(f"CREATE SCHEMA IF NOT EXISTS {name}", f"DROP SCHEMA {name}")
        for schema in schemas - {None, *inspector.get_schema_names()}
        for name in [prepare.quote(schema)]
    ]
    there = {
        (None if enum["visible"] else enum["schema"], enum["name"]): enum["labels"]
        for enum in inspector.get_enums("*")
    }
    in_models = enums(column.type for table in tables for column in table.columns)
    wanted = {(type_.schema, type_.name): type_ for type_ in in_models}
    used = {
        (type_.schema, type_.name): type_
        for schema in {None, *schemas}
        for columns in inspector.get_multi_columns(schema=schema).values()
        for type_ in enums(column["type"] for column in columns)
    }
    for key, type_ in wanted.items():
        name = prepare.format_type(type_)
        if key not in there:
            first.append(Sql(_create(name, type_.enums), f"DROP TYPE {name}"))
        first += [
            Sql(f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {_text(label)}", "")
            for label in type_.enums
            if label not in there.get(key, type_.enums)
        ]
    last = [
        Sql(f"DROP TYPE {name}", _create(name, type_.enums))
        for key, type_ in used.items()
        if key not in wanted
        for name in [prepare.format_type(type_)]
    ]
    upgrade.ops = [*first, *upgrade.ops, *last]


def _create(name: str, labels: Iterable[str]) -> str:
    return f"CREATE TYPE {name} AS ENUM ({', '.join(map(_text, labels))})"


def _text(label: str) -> str:
    # A colon needs a backslash, or it begins a bound parameter.
    return "'" + label.replace("'", "''").replace(":", "\\:") + "'"
