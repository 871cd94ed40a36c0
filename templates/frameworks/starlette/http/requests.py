"""Validated parts of a request: an invalid one is answered with 422."""

from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from app.kit.db.session import Sessions
from app.kit.http.validation import adapter_of, describe, mistakes_of
from app.kit.resources import SharedResources
from app.kit.schemas import Id, PageQuery

MEDIA_TYPE = "application/json"
"""Required, since a browser sends it to other origins only if they agree."""

Body = TypeVar("Body", bound=BaseModel)

_ID: TypeAdapter[int] = TypeAdapter(Id)


def resources_of(connection: HTTPConnection) -> SharedResources:
    """Return what the requests and WebSockets of the application share."""
    resources: SharedResources = connection.app.state.resources
    return resources


def sessions_of(connection: HTTPConnection) -> Sessions:
    """Return the session factories of the application."""
    return resources_of(connection).sessions


def id_of(request: Request, name: str) -> int:
    """Return the id in the path that its pattern calls `name`."""
    try:
        return _ID.validate_python(request.path_params[name])
    except ValidationError as error:
        raise _invalid(f"path.{name}", error) from error


def page_of(request: Request) -> PageQuery:
    """Return the page that the query asks for."""
    try:
        return PageQuery.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise _invalid("query", error) from error


async def body_of(request: Request, schema: type[Body]) -> Body:
    """Return the body, which must be JSON, and say so, and fit `schema`."""
    content_type, _, _ = request.headers.get("Content-Type", "").partition(";")
    if content_type.strip().lower() != MEDIA_TYPE:
        raise HTTPException(422, f"The body is not announced as {MEDIA_TYPE}.")
    try:
        body: Body = adapter_of(schema).validate_json(await request.body())
    except ValidationError as error:
        raise _invalid("body", error) from error
    return body


def _invalid(where: str, error: ValidationError) -> HTTPException:
    return HTTPException(422, describe(mistakes_of(error), where))
