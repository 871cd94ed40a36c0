"""Validated parts of a request: an invalid one is answered with 422."""

import asyncio
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.kit.db.session import Sessions
from app.kit.http.validation import adapter_of, describe, mistakes_of
from app.kit.resources import SharedResources
from app.kit.schemas import Id, PageQuery

RESOURCES = web.AppKey("RESOURCES", SharedResources)
REQUEST_TIMEOUT = web.AppKey("REQUEST_TIMEOUT", float)

MEDIA_TYPE = "application/json"
"""Required, since a browser sends it to other origins only if they agree."""

Body = TypeVar("Body", bound=BaseModel)

_ID: TypeAdapter[int] = TypeAdapter(Id)


def resources_of(request: web.Request) -> SharedResources:
    """Return what the requests of the application share."""
    return request.config_dict[RESOURCES]


def sessions_of(request: web.Request) -> Sessions:
    """Return the session factories of the application."""
    return resources_of(request).sessions


def id_of(request: web.Request, name: str) -> int:
    """Return the id in the path that its pattern calls `name`."""
    try:
        return _ID.validate_python(request.match_info[name])
    except ValidationError as error:
        raise _invalid(f"path.{name}", error) from error


def page_of(request: web.Request) -> PageQuery:
    """Return the page that the query asks for."""
    try:
        return PageQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise _invalid("query", error) from error


async def body_of(request: web.Request, schema: type[Body]) -> Body:
    """Return the body, which must be JSON, and say so, and fit `schema`."""
    if request.content_type != MEDIA_TYPE:
        raise web.HTTPUnprocessableEntity(text=f"The body is not announced as {MEDIA_TYPE}.")
    try:
        async with asyncio.timeout(request.config_dict[REQUEST_TIMEOUT]):
            content = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The body did not arrive in time.") from None
    try:
        body: Body = adapter_of(schema).validate_json(content)
    except ValidationError as error:
        raise _invalid("body", error) from error
    return body


def _invalid(where: str, error: ValidationError) -> web.HTTPUnprocessableEntity:
    return web.HTTPUnprocessableEntity(text=describe(mistakes_of(error), where))
