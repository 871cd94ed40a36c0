"""Responses."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel


def model_response(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a schema as JSON."""
    return web.Response(
        body=model.model_dump_json().encode(),
        status=status,
        headers=headers,
        content_type="application/json",
    )
