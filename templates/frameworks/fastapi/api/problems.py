"""Errors as RFC 9457 problem details: one place, one shape."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.error_codes import code_of
from app.db.errors import Failure, classify
from app.errors import NotFoundError

logger = logging.getLogger(__name__)

RETRY_AFTER = {"Retry-After": "1"}
"""Seconds after which the client should ask again."""


class Problem(BaseModel):
    """What went wrong, for a program (`status`) and for a person (`detail`)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class ProblemResponse(JSONResponse):
    """A problem as a response."""

    media_type = "application/problem+json"

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with `status` and one sentence."""
        problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
        super().__init__(problem.model_dump(), status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can end in these problems, for OpenAPI."""
    media = {"schema": Problem.model_json_schema()}
    content = {ProblemResponse.media_type: media}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a problem."""
    app.add_middleware(UnexpectedErrors)
    app.exception_handler(HTTPException)(_on_http_error)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(NotFoundError)(_on_not_found)
    app.exception_handler(SQLAlchemyError)(_on_database_error)


class UnexpectedErrors:
    """Answers 500 for what nobody handles.

    A handler for Exception would not do: Starlette raises the error again after it, and
    uvicorn then drops the connection of a client that has yet to read the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and answer for it if it fails before it answers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception:
            if started:
                raise
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await _internal_error()(scope, receive, send)


def _internal_error() -> ProblemResponse:
    return ProblemResponse(500, "An unexpected error occurred; it has been logged.")


async def _on_http_error(_request: Request, error: HTTPException) -> ProblemResponse:
    return ProblemResponse(error.status_code, error.detail, error.headers)


async def _on_invalid_request(_request: Request, error: RequestValidationError) -> ProblemResponse:
    # Says where and why, but does not repeat the value.
    sentences = (
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
    )
    return ProblemResponse(422, "; ".join(sentences))


async def _on_not_found(_request: Request, error: NotFoundError) -> ProblemResponse:
    return ProblemResponse(404, str(error))


async def _on_database_error(request: Request, error: SQLAlchemyError) -> ProblemResponse:
    match classify(error):
        case Failure.CONFLICT:
            return ProblemResponse(409, "This conflicts with data that is there already.")
        case Failure.UNAVAILABLE:
            return ProblemResponse(503, "The database is busy or away.", RETRY_AFTER)
        case Failure.UNEXPECTED:
            # The message of a driver's error can quote values of the row: not for a log.
            code = code_of(error.orig) if isinstance(error, DBAPIError) else None
            logger.error(
                "%s %s failed: %s %s",
                request.method,
                request.url.path,
                type(error).__name__,
                code,
                exc_info=None if code else error,
            )
            return _internal_error()
