"""Errors as problem details."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sanic import HTTPResponse, Request
from sanic.constants import HTTP_METHODS
from sanic.exceptions import MethodNotAllowed, SanicException
from sanic.handlers import ErrorHandler
from sqlalchemy.exc import SQLAlchemyError

from app.kit.errors import DomainError
from app.kit.http.problems import (
    MEDIA_TYPE,
    RETRY_AFTER,
    Problem,
    database_problem,
    domain_problem,
    unexpected_problem,
)


class ProblemHandler(ErrorHandler):
    """Answers every error with a problem."""

    def default(self, request: Request[Any, Any], exception: BaseException) -> HTTPResponse:
        """Return what to answer."""
        if not isinstance(exception, Exception):
            # Cancelled, because the client hung up: nobody reads this.
            return HTTPResponse(status=503)
        return problem_response(problem_of(exception, request))

    @staticmethod
    def log(request: Request[Any, Any], exception: Exception) -> None:
        """Log why a WebSocket failed, and close it with the code for that."""
        problem = problem_of(exception, request)
        protocol: Any = request.transport.get_protocol()
        protocol.websocket.fail_connection(problem.close_code, problem.detail[:100])


def problem_response(problem: Problem) -> HTTPResponse:
    """Return a problem as a response."""
    return HTTPResponse(
        json.dumps(problem.body()).encode(),
        status=problem.status,
        headers=dict(problem.headers),
        content_type=MEDIA_TYPE,
    )


def problem_of(error: Exception, request: Request[Any, Any]) -> Problem:
    """Return what to tell the client about `error`; log faults of the service."""
    match error:
        case SanicException(status_code=503):
            return Problem(503, str(error), RETRY_AFTER)
        case MethodNotAllowed():
            return Problem(405, str(error), {"Allow": ", ".join(_methods_of(request))})
        case SanicException() if error.status_code < 500:  # noqa: PLR2004  the client's fault
            return Problem(error.status_code, str(error))
        case DomainError():
            return domain_problem(error)
        case SQLAlchemyError():
            return database_problem(error, f"{request.method} {request.path}")
        case _:
            return unexpected_problem(error, f"{request.method} {request.path}")


def _methods_of(request: Request[Any, Any]) -> Iterator[str]:
    # Of a path with a parameter, Sanic does not say which methods it has.
    for method in HTTP_METHODS:
        with suppress(MethodNotAllowed):
            request.app.router.get(request.path, method, request.headers.get("host"))
            yield method
