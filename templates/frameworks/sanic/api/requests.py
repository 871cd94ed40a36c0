"""What a request asks for, checked: what is wrong with it is answered with 422."""

from types import SimpleNamespace
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from sanic import Config, Request, Sanic
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.headers import parse_content_header

from app.api.schemas import Id, PageQuery
from app.db.session import Sessions

App = Sanic[Config, SimpleNamespace]
MEDIA_TYPE = "application/json"
"""Required, since a browser sends it to other origins only if they agree."""

Body = TypeVar("Body", bound=BaseModel)

_ID: TypeAdapter[int] = TypeAdapter(Id)


class LimitedRequest(Request[App, SimpleNamespace]):
    """A request whose body may have `app.ctx.max_body_size` bytes.

    Beyond its own limit, REQUEST_MAX_SIZE, Sanic drops the connection of a client that
    still sends, and so has yet to read why.
    """

    async def receive_body(self) -> None:
        """Receive the body; raises PayloadTooLarge."""
        stream: Any = self.stream
        limit, size, chunks = self.app.ctx.max_body_size, 0, []
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
            chunks.append(chunk)
        self.body = b"".join(chunks)


def sessions_of(request: Request[Any, Any]) -> Sessions:
    """Return the session factories of the application."""
    sessions: Sessions = request.app.ctx.sessions
    return sessions


def id_of(text: str) -> int:
    """Return the id that stands in the path."""
    try:
        return _ID.validate_python(text)
    except ValidationError as error:
        raise _invalid("path", error) from error


def page_of(request: Request[Any, Any]) -> PageQuery:
    """Return the page that the query asks for."""
    try:
        # Sanic's own `args` are without those that are empty.
        return PageQuery.model_validate(dict(request.get_query_args(keep_blank_values=True)))
    except ValidationError as error:
        raise _invalid("query", error) from error


def body_of(request: Request[Any, Any], schema: type[Body]) -> Body:
    """Return the body, which must be JSON, and say so, and fit `schema`."""
    content_type, _ = parse_content_header(request.content_type)
    if content_type != MEDIA_TYPE:
        raise SanicException(f"The body is not announced as {MEDIA_TYPE}.", status_code=422)
    try:
        return schema.model_validate_json(request.body)
    except ValidationError as error:
        raise _invalid("body", error) from error


def _invalid(where: str, error: ValidationError) -> SanicException:
    # Says where and why, but does not repeat the value.
    sentences = (
        f"{'.'.join(map(str, (where, *problem['loc'])))}: {problem['msg']}"
        for problem in error.errors(include_input=False)
    )
    return SanicException("; ".join(sentences), status_code=422)
