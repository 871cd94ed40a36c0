"""Base classes and types of the schemas."""

from typing import Any, Self

# {% if cookiecutter.__jobs %}
from msgspec import Meta, Struct, ValidationError, convert
# {% else %}
from msgspec import Meta, Struct, convert
# {% endif %}

# {% include "parts/patterns.py" %}


def matching(pattern: str, **bounds: Any) -> Meta:
    """Return the constraint of texts that match `pattern`, which is documented as it is."""
    # Python's $ matches before a last line break, too; the one of OpenAPI does not.
    whole = pattern + r"(?!\n)"
    return Meta(pattern=whole, extra_json_schema={"extra": {"pattern": pattern}}, **bounds)


class RequestSchema(Struct, forbid_unknown_fields=True):
    """What a client sends: a field that is unknown is a mistake."""


class ResponseSchema(Struct):
    """What a client receives."""

    @classmethod
    def of(cls, source: object) -> Self:
        """Return what to answer about `source`, by its attributes."""
        return convert(source, cls, from_attributes=True)
# {% if cookiecutter.__jobs %}


class JobRead(ResponseSchema):
    """A job that was added, and that a worker will do."""

    id: int


def first_mistake(error: ValidationError) -> str:
    """Return what the first mistake is and where it is, without the value."""
    return str(error)
# {% endif %}
