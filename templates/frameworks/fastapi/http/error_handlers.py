"""Errors as problem details: what FastAPI answers, and what OpenAPI says of it."""

from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi._compat import ModelField
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app.kit.errors import DomainError
from app.kit.http.methods import allowed_methods, of_requests
from app.kit.http.problems import MEDIA_TYPE, Problem, database_problem, domain_problem
from app.kit.http.validation import describe, early_validator, mistakes_of

UNREADABLE_BODY = "There was an error parsing the body"
"""What FastAPI says, with 400, when JSON is too deep, not in UTF-8, or has too long a number."""


class ProblemSchema(BaseModel):
    """A problem, as OpenAPI describes it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


class ProblemResponse(JSONResponse):
    """A problem as a response."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.body(), problem.status, problem.headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can end in these problems, for OpenAPI."""
    content = {MEDIA_TYPE: {"schema": ProblemSchema.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make `app` answer every error that it expects with a problem."""
    app.exception_handler(HTTPException)(_on_http_error)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(DomainError)(of_requests(_on_domain_error))
    app.exception_handler(SQLAlchemyError)(of_requests(_on_database_error))
    # FastAPI's own validation lists every mistake before an error handler runs.
    ModelField.validate = _validate  # type: ignore[assignment,method-assign]


@cache
def _validator_of(field: ModelField) -> SchemaValidator:
    return early_validator(field._type_adapter.core_schema)  # noqa: SLF001


def _validate(
    field: ModelField, value: Any, _values: object = None, *, loc: tuple[int | str, ...] = ()
) -> tuple[Any, list[dict[str, Any]]]:
    try:
        return _validator_of(field).validate_python(value, from_attributes=True), []
    except ValidationError as error:
        return None, [mistake | {"loc": (*loc, *mistake["loc"])} for mistake in mistakes_of(error)]


async def _on_http_error(request: Request, error: HTTPException) -> ProblemResponse:
    status, headers = error.status_code, {**(error.headers or {})}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed_methods(request)
    elif error.detail == UNREADABLE_BODY:
        # Elsewhere FastAPI has 422 for what is no JSON.
        status = 422
    return ProblemResponse(Problem(status, str(error.detail), headers))


async def _on_invalid_request(_request: Request, error: RequestValidationError) -> ProblemResponse:
    return ProblemResponse(Problem(422, describe(error.errors())))


async def _on_domain_error(_request: Request, error: DomainError) -> ProblemResponse:
    return ProblemResponse(domain_problem(error))


async def _on_database_error(request: Request, error: SQLAlchemyError) -> ProblemResponse:
    return ProblemResponse(database_problem(error, f"{request.method} {request.url.path}"))
