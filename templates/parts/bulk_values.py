def _insert(dialect: sa.Dialect, table: sa.Table, columns: Sequence[str]) -> str:
    # Into a table that has no more columns: SQLAlchemy would add those with a default.
    bare = sa.table(table.name, *map(sa.column, columns), schema=table.schema)
    return str(sa.insert(bare).compile(dialect=dialect))


def _bound(
    dialect: sa.Dialect, table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    # A column at a time: row by row, as SQLAlchemy does it, takes longer than the database.
    given = list(zip(*rows, strict=True))
    bound = []
    for name, values in zip(columns if given else (), given, strict=True):
        bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        bound.append(map(bind, values) if bind else values)
    return list(zip(*bound, strict=True))
