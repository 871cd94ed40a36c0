"""Requests and responses, more strictly than Quart reads and writes them by itself."""

import asyncio
from typing import Any

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from pydantic import BaseModel, TypeAdapter, ValidationError
from quart import Request, has_websocket_context, request, websocket
from quart.asgi import ASGIHTTPConnection
from werkzeug.exceptions import BadRequest, UnprocessableEntity
from werkzeug.routing import IntegerConverter

from app.kit.schemas import Id

Json = dict[str, Any]

ID: TypeAdapter[int] = TypeAdapter(Id)


class IdConverter(IntegerConverter):
    """An id in a path; what is none is answered 422, where `<int:…>` has 404."""

    regex = "[^/]+"

    def to_python(self, value: str) -> int:
        """Return the id; raises UnprocessableEntity."""
        try:
            return ID.validate_python(value)
        except ValidationError as error:
            raise UnprocessableEntity(f"The id in the path: {error.errors()[0]['msg']}") from error


class JsonRequest(Request):
    """A request whose body is the client's mistake whenever it can't be decoded."""

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002  the signature is Quart's
        """Return the decoded body; raises UnprocessableEntity."""
        try:
            return await super().get_json(force, silent, cache)
        except (BadRequest, RecursionError, UnicodeDecodeError) as error:
            # Quart has 400 for one of these; the others would pass for a mistake of ours.
            raise UnprocessableEntity("The body is no JSON that can be read.") from error


class Connection(ASGIHTTPConnection):
    """What answers one request, and is cancelled if a server stops before that is done.

    Quart by itself would leave the handler to go on, and its statement to run on in the
    database when the service is gone.
    """

    _handler: asyncio.Task[Any] | None = None

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        self._handler = asyncio.current_task()
        await super().handle_request(request, send)

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer the request; raises CancelledError once its handler has ended."""
        try:
            await super().__call__(receive, send)
        except asyncio.CancelledError:
            if self._handler:
                self._handler.cancel()
                await asyncio.wait([self._handler])
            raise


async def note_route() -> None:
    """Note the route of the present request where the request log looks for it."""
    asked = websocket if has_websocket_context() else request
    scope: Any = asked.scope
    if asked.url_rule:
        scope["path_template"] = asked.url_rule.rule


def as_json(schema: type[BaseModel], source: object) -> Json:
    """Return `source` as `schema` shows it; left to Quart, moments would become HTTP dates."""
    return schema.model_validate(source).model_dump(mode="json")
