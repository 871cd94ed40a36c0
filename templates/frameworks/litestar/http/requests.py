"""Validated parts of a request, more strictly than Litestar reads them by itself."""

from typing import Annotated, Any, TypeVar

from litestar import Request
from litestar.exceptions import (
    ClientException,
    InternalServerException,
    SerializationException,
    ValidationException,
)
from litestar.params import BodyKwarg, PathParameter, QueryParameter

from app.kit.db.types import MAX_ID

MEDIA_TYPE = "application/json"
"""Required, since a browser sends it to other origins only if they agree."""

Body = TypeVar("Body")

# OpenAPI's maximum for itself, since Litestar would document it as a float: one too large.
_MAXIMUM = {"maximum": MAX_ID}
# The constraints are Litestar's: those of msgspec.Meta it does not look at in parameters.
Id = Annotated[int, PathParameter(ge=1, le=MAX_ID, schema_extra=_MAXIMUM)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
After = Annotated[str, QueryParameter()]

# Litestar does not document by itself that unknown fields are forbidden.
StrictBody = Annotated[Body, BodyKwarg(schema_extra={"additionalProperties": False})]

AnyRequest = Request[Any, Any, Any]


class JsonRequest(AnyRequest):
    """A request whose body is the client's mistake whenever it is no JSON that can be read."""

    async def body(self) -> bytes:
        """Return the body; raises ClientException if the client hangs up before its end."""
        try:
            return await super().body()
        except InternalServerException as error:
            # Litestar's own for this, which would be logged as a mistake of ours.
            raise ClientException("The body ended too early.") from error

    async def json(self) -> Any:
        """Return the decoded body; raises ValidationException."""
        if self.content_type[0] != MEDIA_TYPE:
            raise ValidationException(f"The body is not announced as {MEDIA_TYPE}.")
        try:
            return await super().json()
        except (RecursionError, SerializationException, UnicodeDecodeError) as error:
            # Litestar has 400 for one of these; the others would pass for a mistake of ours.
            raise ValidationException("The body is no JSON that can be read.") from error


def path_of(request: AnyRequest, name: str, **parameters: str) -> str:
    """Return the path of the route called `name`, with the prefix (APP_ROOT_PATH)."""
    return request.scope.get("root_path", "") + request.app.route_reverse(name, **parameters)


async def refuse_unknown_parameters(request: AnyRequest) -> None:
    """Raise ValidationException for a query parameter that the route does not have."""
    if request.query_params.keys() - request.route_handler.parsed_fn_signature.parameters.keys():
        raise ValidationException("The query has a parameter that is unknown here.")
