"""The SQL of an expression, as a migration writes it down."""

import re
from typing import Any

# {% if cookiecutter.__database == "sqlite" %}
import sqlalchemy as sa

# {% endif %}

def plain_sql(implementation: Any, expression: Any, **options: Any) -> str:
    """Return the SQL of `expression`, as Alembic's `implementation` of the database writes it."""
    write = type(implementation).render_ddl_sql_expr
    sql: str = write(implementation, expression, **options)
    # {% if cookiecutter.driver in ["asyncpg", "aiosqlite"] %}
    return sql
    # {% else %}
    # As the driver takes it, where %s is a parameter. What runs a migration does that again.
    return sql.replace("%%", "%")
    # {% endif %}


def escaped(sql: str) -> str:
    """Return `sql` as `text()` takes it, which sees a parameter in ":x" without a backslash."""
    # The two patterns are its own.
    return re.sub(r"(?<![:\w\\])(?=:\w+(?![:\w]))|(?=\\:\w*(?![:\w]))", r"\\", sql)


def write_as_text(implementation: Any) -> None:
    """Have Alembic write expressions so that the migration runs what the model says."""

    def write(expression: Any, **options: Any) -> str:
        sql = plain_sql(implementation, expression, **options)
        # Alembic writes those of an index as literal columns, and all others as texts.
        return sql if options.get("is_index") else escaped(sql)

    implementation.render_ddl_sql_expr = write
# {% if cookiecutter.__database == "sqlite" %}


@sa.event.listens_for(sa.Table, "column_reflect")
def _read_computed(inspector: Any, table: sa.Table, column: dict[str, Any]) -> None:
    """Complete a computed column: SQLAlchemy loses the expression if the type has a comma."""
    if "computed" not in column:
        return
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
    sql: str = inspector.bind.scalar(query, {"name": table.name})
    begin = rf"\b{re.escape(column['name'])}\b\W(?:[^,()]|\([^()]*\))*?GENERATED ALWAYS AS \("
    found = re.search(begin, sql, re.IGNORECASE)
    after, depth = sql[found.end() :] if found else "", 1
    for token in re.finditer(r"'[^']*'|[()]", after):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            column["computed"]["sqltext"] = escaped(after[: token.start()])
            break
# {% endif %}
