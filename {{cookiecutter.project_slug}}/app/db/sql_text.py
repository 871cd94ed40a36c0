"""The SQL of an expression, as a migration writes it down."""

import re
from typing import Any


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
