"""Base classes and types of the schemas."""

from typing import Annotated

# {% if cookiecutter.__web and not cookiecutter.__jobs %}
from pydantic import BaseModel, ConfigDict, Field
# {% else %}
from pydantic import BaseModel, ConfigDict, Field, ValidationError
# {% endif %}

from app.kit.db.types import MAX_ID

# {% include "parts/patterns.py" %}

Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class RequestSchema(BaseModel):
    """What a client sends: a field that is unknown is a mistake."""

    model_config = ConfigDict(extra="forbid")
# {% if cookiecutter.__web %}


class ResponseSchema(BaseModel):
    """What a client receives, read from the attributes of a model."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(RequestSchema):
    """Which page: at most `limit` items, after the page whose `next` is `after`."""

    limit: int = Field(default=50, ge=1, le=200)
    after: str = ""
# {% endif %}
# {% if cookiecutter.__web and cookiecutter.__jobs %}


class JobRead(ResponseSchema):
    """A job that was added, and that a worker will do."""

    id: int
# {% endif %}
# {% if cookiecutter.__jobs or not cookiecutter.__web %}


def first_mistake(error: ValidationError) -> str:
    """Return where the first mistake is and what it is, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
# {% endif %}
