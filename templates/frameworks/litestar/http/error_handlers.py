"""Errors as problem details: what Litestar answers, and what OpenAPI says of it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, ValidationException, WebSocketException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import ExceptionHandlersMap, Scope
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from app.kit.errors import DomainError
from app.kit.http.problems import (
    MEDIA_TYPE,
    Problem,
    database_problem,
    domain_problem,
    unexpected_problem,
)
from app.kit.http.requests import AnyRequest


class ProblemSchema(Struct):
    """A problem, as OpenAPI describes it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


@dataclass
class Documented(Operation):
    """An operation without the 400 that Litestar adds: ours for what is invalid is 422."""

    def __post_init__(self) -> None:
        if self.responses:
            self.responses.pop("400", None)


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the `responses` of a route that can end in these problems, for OpenAPI."""
    return {
        status: ResponseSpec(
            ProblemSchema,
            generate_examples=False,
            description=HTTPStatus(status).phrase,
            media_type=MEDIA_TYPE,
        )
        for status in statuses
    }


def problem_response(problem: Problem) -> Response[Any]:
    """Return a problem as a response."""
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def _on_http_error(_request: AnyRequest, error: HTTPException) -> Response[Any]:
    headers = {**(error.headers or {})}
    if "GET" in headers.get("allow", ""):
        # HeadAsGet adds it.
        headers["allow"] += ", HEAD"
    return problem_response(Problem(error.status_code, error.detail, headers))


def _on_invalid_request(_request: AnyRequest, error: ValidationException) -> Response[Any]:
    # Says where and why, but does not repeat the value. The error's own detail has the URL.
    problems = error.extra if isinstance(error.extra, list) else []
    sentences = (f"{problem.get('key', 'body')}: {problem['message']}" for problem in problems)
    return problem_response(Problem(422, "; ".join(sentences) or error.detail))


def _on_domain_error(_request: AnyRequest, error: DomainError) -> Response[Any]:
    return problem_response(domain_problem(error))


def _on_database_error(request: AnyRequest, error: SQLAlchemyError) -> Response[Any]:
    return problem_response(database_problem(error, f"{request.method} {request.url.path}"))


def _on_unexpected_error(request: AnyRequest, error: Exception) -> Response[Any]:
    return problem_response(unexpected_problem(error, f"{request.method} {request.url.path}"))


async def log_failed_websocket(error: Exception, scope: Scope) -> None:
    """Log what is our fault; Litestar closes the WebSocket without logging."""
    request = f"WebSocket {scope.get('root_path', '')}{scope['path']}"
    expected = DomainError | HTTPException | WebSocketException
    if scope["type"] == ScopeType.HTTP or isinstance(error, expected):
        return
    if isinstance(error, SQLAlchemyError):
        database_problem(error, request)
    else:
        unexpected_problem(error, request)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    HTTPException: _on_http_error,
    ValidationException: _on_invalid_request,
    DomainError: _on_domain_error,
    SQLAlchemyError: _on_database_error,
    HTTP_500_INTERNAL_SERVER_ERROR: _on_unexpected_error,
}
