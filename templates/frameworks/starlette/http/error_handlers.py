"""Errors as problem details."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from app.kit.errors import DomainError
from app.kit.http.methods import allowed_methods, of_requests
from app.kit.http.problems import MEDIA_TYPE, Problem, database_problem, domain_problem


class ProblemResponse(JSONResponse):
    """A problem as a response."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.body(), problem.status, problem.headers)


async def _on_http_error(request: Request, error: HTTPException) -> ProblemResponse:
    headers = {**(error.headers or {})}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed_methods(request)
    return ProblemResponse(Problem(error.status_code, error.detail, headers))


async def _on_half_a_body(_request: Request, _error: ClientDisconnect) -> ProblemResponse:
    # Nobody will read this, but it is no fault of the service that should be logged.
    return ProblemResponse(Problem(400, "The body ended too early."))


async def _on_domain_error(_request: Request, error: DomainError) -> ProblemResponse:
    return ProblemResponse(domain_problem(error))


async def _on_database_error(request: Request, error: SQLAlchemyError) -> ProblemResponse:
    return ProblemResponse(database_problem(error, f"{request.method} {request.url.path}"))


HANDLERS: Mapping[Any, Callable[..., Any]] = {
    HTTPException: _on_http_error,
    ClientDisconnect: _on_half_a_body,
    DomainError: of_requests(_on_domain_error),
    SQLAlchemyError: of_requests(_on_database_error),
}
