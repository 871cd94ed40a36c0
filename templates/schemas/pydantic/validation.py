"""Validation of request bodies, whose cost does not grow with the number of mistakes.

pydantic by itself notes every mistake: a list of a megabyte can have a million of them.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

COLLECTIONS = frozenset(
    ["counter", "deque", "dict", "frozendict", "frozenset", "list", "ordered-dict", "set", "tuple"]
)
NO_SCHEMAS = frozenset(["default", "expected", "members", "metadata", "serialization"])
MAX_MISTAKES = 20
"""Mistakes that are listed one by one."""


@cache
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return a validator of a type that stops at the first wrong item of each collection."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    adapter.validator = early_validator(adapter.core_schema)
    return adapter


def early_validator(schema: Any) -> SchemaValidator:
    """Return a validator of a core schema that stops at the first wrong item of each collection."""
    # A model's own validator, built before, would not stop.
    return SchemaValidator(_ending_early(schema), _use_prebuilt=False)


def _ending_early(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return [_ending_early(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    early = {
        name: part if name in NO_SCHEMAS else _ending_early(part) for name, part in schema.items()
    }
    kind = schema.get("type")
    return early | {"fail_fast": True} if isinstance(kind, str) and kind in COLLECTIONS else early


def mistakes_of(error: ValidationError) -> list[Any]:
    """Return the mistakes as pydantic lists them, or only their number if there are many."""
    if (count := error.error_count()) > MAX_MISTAKES:
        return [{"type": "too_many", "loc": (), "msg": f"{count} mistakes, too many to name"}]
    return error.errors(include_url=False)


def describe(mistakes: Iterable[Any], *where: str) -> str:
    """Return the place and the kind of each mistake as text, without the value."""
    places = ((".".join(map(str, (*where, *each["loc"]))), each["msg"]) for each in mistakes)
    return "; ".join(f"{place}: {what}" if place else what for place, what in places)
