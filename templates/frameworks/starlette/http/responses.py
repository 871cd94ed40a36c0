"""Responses."""

from pydantic import BaseModel
from starlette.responses import Response


class ModelResponse(Response):
    """A schema as JSON."""

    media_type = "application/json"

    def render(self, content: BaseModel) -> bytes:
        return content.model_dump_json().encode()
