"""Additions to Alembic's autogenerate: what it would miss, or write in an order that fails."""

import re
from collections.abc import Collection
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
# {% if cookiecutter.__database == "sqlite" %}
from alembic.operations import batch, ops
# {% else %}
from alembic.operations import ops
# {% endif %}
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

# {% if cookiecutter.__database == "postgresql" %}
from app.kit.db.named_types import arrange_names, enums
# {% endif %}
from app.kit.db.sql_text import escaped, plain_sql

MEMBERS_OF = "members of"
"""The key, in a CHECK's `info`, of the column whose members the CHECK lists."""


def _compare_defaults(  # noqa: PLR0917  the signature is Alembic's
    context: AutogenContext,
    change: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    _there: sa.Column[Any],
    wanted: sa.Column[Any],
) -> PriorityDispatchResult:
    """Compare a default with the one in the database, as the database itself writes it.

    A temporary table shows how it writes the wanted default. Alembic would compare the texts.
    """
    default = wanted.server_default
    if not isinstance(default, sa.DefaultClause):
        return PriorityDispatchResult.CONTINUE
    column = sa.Column("it", wanted.type, server_default=default)
    sample = sa.Table("a_default", sa.MetaData(), column, prefixes=["TEMPORARY"])
    connection: Any = context.connection
    sample.create(connection)
    [written] = sa.inspect(connection).get_columns(sample.name)
    sample.drop(connection)
    columns = context.inspector.get_columns(table, schema=schema)
    if written["default"] not in [each["default"] for each in columns if each["name"] == name]:
        change.modify_server_default = default
    return PriorityDispatchResult.STOP


def _compare_members(  # noqa: PLR0917  the signature is Alembic's
    context: AutogenContext,
    changes: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    there: sa.Table | None,
    wanted: sa.Table | None,
) -> PriorityDispatchResult:
    """Replace a CHECK whose column has other members: Alembic compares only the names of CHECKs."""
    # {% if cookiecutter.__database == "postgresql" %}
    for type_ in enums(existing.type for existing in there.columns) if there is not None else []:
        # `arrange_names` writes it.
        type_.create_type = False
    # {% endif %}
    if there is None or wanted is None:
        return PriorityDispatchResult.CONTINUE
    write = partial(plain_sql, context.migration_context.impl)
    found = sa.inspect(context.connection).get_check_constraints(name, schema=schema)
    texts = {each["name"]: each["sqltext"] for each in found}
    for check in wanted.constraints:
        column = check.info.get(MEMBERS_OF)
        if isinstance(check, sa.CheckConstraint) and column is not None and check.name in texts:
            old, new = _strings(texts[check.name]), _strings(write(check.sqltext))
            if set(old) != set(new):
                members = escaped(write(column.in_(old)))
                was = sa.CheckConstraint(members, name=check.name, table=there)
                changes.ops.append(ops.DropConstraintOp.from_constraint(was))
                changes.ops.append(ops.AddConstraintOp.from_constraint(check))
    return PriorityDispatchResult.CONTINUE


def _strings(sql: str) -> list[str]:
    # {% if cookiecutter.__database == "mysql" %}
    found = re.findall(r"'((?:[^'\\]|''|\\.)*)'", sql)
    return [re.sub(r"''|\\(.)", lambda match: match[1] or "'", text) for text in found]
    # {% else %}
    return [text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", sql)]
    # {% endif %}


def _arrange(context: AutogenContext, upgrade: ops.UpgradeOps) -> PriorityDispatchResult:
    """Sort the changes so that they can be run, up and down."""
    parts = context.migration_context.dialect.supports_alter
    new = [op for op in upgrade.ops if isinstance(op, ops.CreateTableOp)]
    old = [op.reverse() for op in upgrade.ops if isinstance(op, ops.DropTableOp)]
    rest = [op for op in upgrade.ops if not isinstance(op, ops.CreateTableOp | ops.DropTableOp)]
    for changes in rest:
        if isinstance(changes, ops.ModifyTableOps):
            changes.ops = sorted(changes.ops, key=_rank)
    dropped = [op.reverse() for op in reversed(_in_order(old, parts=parts))]
    upgrade.ops = [*_in_order(new, parts=parts), *rest, *dropped]
    # {% if cookiecutter.__database == "postgresql" %}
    arrange_names(context, upgrade)
    # {% endif %}
    return PriorityDispatchResult.CONTINUE


def _rank(operation: ops.MigrateOperation) -> int:
    """Return the rank of an operation on a table: what depends on something is dropped first."""
    # MySQL needs an index as long as there is the foreign key.
    if isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "foreignkey":
        return 0
    if isinstance(operation, ops.DropColumnOp):
        return 2 if operation.to_column().computed is not None else 3
    return 1


def leave_out_indexes(scripts: list[Any]) -> None:
    """Drop no index of a table that is dropped as well: MySQL refuses, as foreign keys need it."""
    for steps in [way for script in scripts for way in (script.upgrade_ops, script.downgrade_ops)]:
        dropped = [
            (op.schema, op.table_name) for op in steps.ops if isinstance(op, ops.DropTableOp)
        ]
        for changes in steps.ops:
            if isinstance(changes, ops.ModifyTableOps):
                changes.ops = [
                    op
                    for op in changes.ops
                    if not isinstance(op, ops.DropIndexOp)
                    or (op.schema, op.table_name) not in dropped
                ]
        steps.ops = [op for op in steps.ops if not isinstance(op, ops.OpContainer) or op.ops]


def _in_order(tables: list[ops.CreateTableOp], *, parts: bool) -> list[Any]:
    """Return `tables` after those that they refer to; foreign keys in a circle come last."""
    ordered: list[ops.CreateTableOp] = []
    late: list[ops.CreateForeignKeyOp] = []
    left = {table.to_table().fullname: table for table in tables}
    while left:
        ready = (name for name in left if not _keys(left[name], left.keys() - {name}))
        table = left.pop(next(ready, min(left)))
        if parts:
            keys = _keys(table, left.keys())
            table.columns = [item for item in table.columns if not any(item is key for key in keys)]
            late += [ops.CreateForeignKeyOp.from_constraint(key) for key in keys]
        ordered.append(table)
    return [*ordered, *late]


def _keys(table: ops.CreateTableOp, names: Collection[str]) -> list[sa.ForeignKeyConstraint]:
    """Return the foreign keys of `table` to one of those `names`."""
    return [
        item
        for item in table.columns
        if isinstance(item, sa.ForeignKeyConstraint)
        and item.elements[0].target_fullname.rpartition(".")[0] in names
    ]


# {% if cookiecutter.__database == "sqlite" %}
class _Copy(batch.ApplyBatchImpl):
    """A table that is recreated without copying computed columns, which SQLite refuses."""

    def _grab_table_elements(self) -> None:
        super()._grab_table_elements()
        for column in self.table.columns:
            if column.computed is not None:
                self.column_transfers[column.name] = {}


batch.ApplyBatchImpl = _Copy  # type: ignore[misc]

# {% endif %}
plugin = Plugin(__name__)
plugin.add_autogenerate_comparator(_compare_defaults, "column", "server_default")
plugin.add_autogenerate_comparator(_compare_members, "table", "members")
plugin.add_autogenerate_comparator(
    _arrange, "autogenerate", "order", priority=DispatchPriority.LAST
)
