"""What all schemas share."""

from typing import Self

from msgspec import Struct, convert

# {% include "schemas/patterns.py" %}


class RequestSchema(Struct, forbid_unknown_fields=True):
    """What a client sends: a field that is unknown is a mistake."""


class ResponseSchema(Struct):
    """What a client receives."""

    @classmethod
    def of(cls, source: object) -> Self:
        """Return what to answer about `source`, by its attributes."""
        return convert(source, cls, from_attributes=True)
