"""Generated models, in versions that follow each other."""

from __future__ import annotations

from hypothesis import strategies as st

from support.models.catalogue import PRELUDE

OWN_TYPES = """
class Cents(TypeDecorator):
    impl = sa.BigInteger
    cache_ok = True


class Name(sa.String):
    pass


class Color(Enum):
    RED = "r"
    BLUE = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 2
"""
# Types between which every database converts by itself, with what may be their defaults.
FAMILIES = {
    "text": (
        ["sa.String(40)", "sa.String(60)", "sa.String(60, collation=None)", "Name(50)", "sa.Text"],
        ["'x'", '"it\'s"', "''", "sa.text(\"'x'\")"],
    ),
    "members": (
        ["Literal['a', 'b']", "Literal['a', 'b', 'c']", "Literal['b', \"c'\"]", "Color", "Level"],
        ["'b'"],
    ),
    "number": (
        ["sa.SmallInteger", "sa.Integer", "sa.BigInteger", "Cents", "ExactDecimal(12, 2)"],
        ["'7'", "'8'", "sa.text('7')"],
    ),
    "decimal": (["sa.Numeric(8, 2)", "sa.Numeric(10, 4)"], ["'1.50'", "'0'"]),
    "moment": (["UtcDateTime"], ["func.now()"]),
    "day": (["sa.Date"], ["'2020-01-01'"]),
    "flag": (["sa.Boolean", "sa.Boolean(create_constraint=True)"], ["sa.true()", "sa.false()"]),
    "key": (["sa.Uuid"], []),
    "bytes": (["sa.LargeBinary"], []),
    "document": (["sa.JSON"], []),
    "reference": ([], []),
}
PYTHON = {
    "text": "str",
    "decimal": "Decimal",
    "moment": "datetime",
    "day": "date",
    "flag": "bool",
    "key": "UUID",
    "bytes": "bytes",
    "document": "dict[str, Any]",
}
TABLES = ["apples", "bowls", "order"]
COLUMNS = ["first", "second", "third", "select", "Großes"]


@st.composite
def versions(draw: st.DrawFn, database: str) -> list[str]:
    """Return sources for `migrate_models.py`."""
    families = {
        (table, column): draw(st.sampled_from([*FAMILIES]))
        for table in TABLES
        for column in COLUMNS
    }
    elsewhere = draw(st.booleans()) and database == "postgresql"
    schemas = {TABLES[0]: "billing" if elsewhere else None}
    return [
        draw(_version(families, schemas))
        for _ in range(draw(st.integers(min_value=1, max_value=3)))
    ]


@st.composite
def _version(
    draw: st.DrawFn, families: dict[tuple[str, str], str], schemas: dict[str, str | None]
) -> str:
    # The last table of a schema has to stay: nobody looks for one in a schema without a name.
    tables = draw(st.lists(st.sampled_from(TABLES), unique=True, min_size=1))
    tables = list(dict.fromkeys([*tables, *(it for it in schemas if schemas[it])]))
    lines = [PRELUDE, OWN_TYPES]
    for table in tables:
        columns = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4))
        lines += ["", f"class {table.title()}(Entity):", f"    __tablename__ = {table!r}"]
        arguments = []
        numbers = [it for it in columns if families[table, it] == "number"]
        if bool(numbers) and draw(st.booleans()):
            arguments.append(f"sa.CheckConstraint('1 > 0', name='of_{numbers[0]}')")
        if len(numbers) > 1 and draw(st.booleans()):
            arguments.append(f"sa.UniqueConstraint(*{numbers[:2]!r})")
        arguments.append(str({"schema": schemas[table]} if schemas.get(table) else {}))
        lines.append(f"    __table_args__ = ({', '.join(arguments)},)")
        for column in columns:
            lines.append(draw(_column(column, families[table, column], tables, schemas)))
    return "\n".join(lines)


@st.composite
def _column(
    draw: st.DrawFn,
    name: str,
    family: str,
    tables: list[str],
    schemas: dict[str, str | None],
) -> str:
    types, defaults = FAMILIES[family]
    options = [repr(name)]
    nullable = draw(st.booleans())
    python = PYTHON.get(family, "int")
    indexable = family not in {"document", "bytes"}
    if family == "reference":
        target = draw(st.sampled_from(tables))
        prefix = f"{schemas[target]}." if schemas.get(target) else ""
        on_delete = draw(st.sampled_from([None, "CASCADE", "RESTRICT"]))
        options.append(f"ForeignKey('{prefix}{target}.id', ondelete={on_delete!r})")
    else:
        type_ = draw(st.sampled_from(types))
        if family == "members":
            python = type_
            defaults = [] if type_ in {"Color", "Level"} or "'b'" not in type_ else defaults
        else:
            options.append(type_)
            indexable = indexable and type_ != "sa.Text"
    if indexable:
        options += draw(st.sampled_from([[], ["index=True"], ["unique=True"]]))
    if bool(defaults) and draw(st.booleans()):
        options.append(f"server_default={draw(st.sampled_from(defaults))}")
    if draw(st.booleans()):
        options.append('comment="it\'s"')
    annotation = f"{python} | None" if nullable else python
    return f"    {name}_: Mapped[{annotation}] = mapped_column({', '.join(options)})"
