"""Requests, read more strictly than Litestar does by itself."""

from typing import Annotated, Any

from litestar import Request
from litestar.exceptions import (
    ClientException,
    InternalServerException,
    ValidationException,
)
from litestar.params import PathParameter, QueryParameter

from app.db.types import MAX_ID

# The constraints are Litestar's: those of msgspec.Meta it does not look at in parameters.
Id = Annotated[int, PathParameter(ge=1, le=MAX_ID)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
After = Annotated[int, QueryParameter(ge=0, le=MAX_ID)]

AnyRequest = Request[Any, Any, Any]


class JsonRequest(AnyRequest):
    """A request whose body is the client's mistake whenever it can't be decoded."""

    async def body(self) -> bytes:
        """Return the body; raises ClientException if the client hangs up before its end."""
        try:
            return await super().body()
        except InternalServerException as error:
            # Litestar's own for this, which would be logged as a mistake of ours.
            raise ClientException("The body ended too early.") from error

    async def json(self) -> Any:
        """Return the decoded body; raises ClientException."""
        try:
            return await super().json()
        except (RecursionError, UnicodeDecodeError) as error:
            # msgspec raises these as they are, and they would pass for a mistake of ours.
            raise ClientException("The body is no JSON that can be read.") from error


async def refuse_unknown_parameters(request: AnyRequest) -> None:
    """Raise ValidationException for a query parameter that the route does not have."""
    if request.query_params.keys() - request.route_handler.parsed_fn_signature.parameters.keys():
        raise ValidationException("The query has a parameter that is unknown here.")
