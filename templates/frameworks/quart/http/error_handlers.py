"""Errors as problem details: what Quart answers, and what OpenAPI says of it."""

import json
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError
from quart import Quart, Response, has_websocket_context, request, websocket
from quart_schema import (
    DataSource,
    OpenAPIProvider,
    RequestSchemaValidationError,
    conversion,
    document_response,
)
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from app.kit.errors import DomainError
from app.kit.http.problems import (
    MEDIA_TYPE,
    Problem,
    database_problem,
    domain_problem,
    unexpected_problem,
)
from app.kit.http.requests import ID, IdConverter
from app.kit.http.validation import adapter_of, describe, mistakes_of

Route = TypeVar("Route", bound=Callable[..., Any])


class ProblemSchema(BaseModel):
    """A problem, as OpenAPI describes it."""

    media_type: ClassVar[str] = MEDIA_TYPE

    type: str
    title: str
    status: int
    detail: str
    instance: str


class NoContent(BaseModel):
    """An empty body."""

    media_type: ClassVar[str] = ""


def documented(*statuses: int) -> Callable[[Route], Route]:
    """Decorate a route that can end in these problems, for OpenAPI."""

    def decorate(route: Route) -> Route:
        for status in statuses:
            document_response(ProblemSchema, status)(route)
        return route

    return decorate


class Documentation(OpenAPIProvider):
    """The OpenAPI document, more exactly than quart-schema writes it.

    A model of an answer can name its `media_type`.
    """

    def build_path_parameter(self, name: str, converter: BaseConverter) -> dict[str, Any]:
        """Return how OpenAPI describes a part of a path."""
        parameter = super().build_path_parameter(name, converter)
        if isinstance(converter, IdConverter):
            parameter["schema"] = ID.json_schema()
        return parameter

    def build_request_body(
        self, model: Any, source: DataSource
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return how OpenAPI describes a body, and the schemas that this refers to."""
        body, definitions = super().build_request_body(model, source)
        return body | {"required": True}, definitions

    def build_response_object(
        self, model: Any, headers_model: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return how OpenAPI describes an answer, and the schemas that this refers to."""
        response, definitions = super().build_response_object(model, headers_model)
        [schema] = response.pop("content").values()
        media_type = getattr(model, "media_type", "application/json")
        if media_type:
            response["content"] = {media_type: schema}
        return response, definitions


def problem_response(problem: Problem) -> Response:
    """Return a problem as a response."""
    return Response(
        json.dumps(problem.body()),
        problem.status,
        dict(problem.headers),
        content_type=MEDIA_TYPE,
    )


async def _answer(problem: Problem) -> Response:
    if has_websocket_context():
        # Has no effect on one that was not accepted. Quart itself would close it as a success.
        await websocket.close(problem.close_code, problem.detail[:100])
    return problem_response(problem)


def _asked() -> str:
    if has_websocket_context():
        return f"WebSocket {websocket.root_path}{websocket.path}"
    return f"{request.method} {request.root_path}{request.path}"


def install(app: Quart) -> None:
    """Make `app` answer every error with a problem."""
    # quart-schema's own adapter, one for each request, lists every mistake.
    conversion.TypeAdapter = adapter_of  # type: ignore[assignment,attr-defined]  # only called
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(RequestSchemaValidationError, _on_invalid_request)
    app.register_error_handler(DomainError, _on_domain_error)
    app.register_error_handler(SQLAlchemyError, _on_database_error)
    app.register_error_handler(Exception, _on_unexpected_error)


async def _on_http_error(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    status = error.code or 500
    return await _answer(Problem(status, error.description or error.name, headers))


async def _on_invalid_request(error: RequestSchemaValidationError) -> Response:
    cause = error.validation_error
    detail = describe(mistakes_of(cause)) if isinstance(cause, ValidationError) else ""
    return await _answer(Problem(422, detail or "The request is invalid."))


async def _on_domain_error(error: DomainError) -> Response:
    return await _answer(domain_problem(error))


async def _on_database_error(error: SQLAlchemyError) -> Response:
    return await _answer(database_problem(error, _asked()))


async def _on_unexpected_error(error: Exception) -> Response:
    return await _answer(unexpected_problem(error, _asked()))
