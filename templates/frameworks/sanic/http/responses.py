"""Responses."""

from collections.abc import Mapping

from pydantic import BaseModel
from sanic import HTTPResponse


def model_response(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Return a schema as JSON."""
    return HTTPResponse(
        model.model_dump_json().encode(),
        status=status,
        headers=dict(headers or {}),
        content_type="application/json",
    )
