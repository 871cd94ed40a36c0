"""Validated parts of a request: an invalid one is answered with 422."""

import asyncio
import re
from types import SimpleNamespace
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from sanic import Config, Request, Sanic
from sanic.compat import Header
from sanic.exceptions import (
    BadRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    RequestTimeout,
    SanicException,
)
from sanic.headers import parse_content_header
from sanic.http import Http, Stage

from app.kit.db.session import Sessions
from app.kit.http.proxy_middleware import PrefixRouter, SeenRequest
from app.kit.http.validation import adapter_of, describe, mistakes_of
from app.kit.resources import SharedResources
from app.kit.schemas import Id, PageQuery

App = Sanic[Config, SimpleNamespace]
MEDIA_TYPE = "application/json"
"""Required, since a browser sends it to other origins only if they agree."""

Body = TypeVar("Body", bound=BaseModel)

_ID: TypeAdapter[int] = TypeAdapter(Id)


# What Sanic takes for a head is more: a proxy may see other lines and other names in it.
_LINE = rb"\r\n[!#-'*+.^-z|~0-9A-Z-]+:[\t -~\x80-\xff]*"
_HEAD = re.compile(rb"[!-~]+ [!-\xff]+ HTTP/1\.[01](" + _LINE + rb")*")
_LENGTH = re.compile("[0-9]+")
_UNREADABLE = "NONE"
"""The method of the request that Sanic makes up, to answer what it could not read."""


class StrictRequest(SeenRequest):
    """A request that can be read in one way only, of at most `app.ctx.max_body_size` bytes.

    Beyond its own limit, REQUEST_MAX_SIZE, Sanic drops the connection of a client that
    still sends, and so has yet to read why.
    """

    def __init__(
        self,
        url_bytes: bytes,
        headers: Header,
        version: str,
        method: str,
        *arguments: Any,
        **options: Any,
    ) -> None:
        """Read the head; raises BadRequest."""
        head = options.get("head")
        length = headers.get("content-length", "0")
        if (head and not _HEAD.fullmatch(head)) or not _LENGTH.fullmatch(length):
            raise BadRequest("The head of the request is no HTTP.")
        # Sanic would fail again at a URL that it could not read.
        url = b"*" if method == _UNREADABLE else url_bytes
        super().__init__(url, headers, version, method, *arguments, **options)

    async def receive_body(self) -> None:
        """Receive the body; raises PayloadTooLarge, and RequestTimeout."""
        stream: Any = self.stream
        try:
            async with asyncio.timeout(self.app.ctx.request_timeout):
                await self._receive(stream)
        except TimeoutError:
            # Nor is the rest of it waited for.
            stream.request_body, stream.keep_alive = None, False
            raise RequestTimeout("The body did not arrive in time.") from None

    async def _receive(self, stream: Any) -> None:
        limit, size, chunks = self.app.ctx.max_body_size, 0, []
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
            chunks.append(chunk)
        self.body = b"".join(chunks)


class HeadRouter(PrefixRouter):
    """Routes HEAD to the handler of GET; Sanic itself leaves the body out."""

    def _get(self, path: str, method: str, host: str | None) -> Any:
        try:
            return super()._get(path, method, host)
        except MethodNotAllowed:
            if method != "HEAD":
                raise
            return super()._get(path, "GET", host)


async def _end_head(http: Http, _data: bytes, end_stream: bool) -> None:  # noqa: FBT001  the signature is Sanic's
    if end_stream:
        http.response_func = None  # type: ignore[assignment]  # as Sanic does
        http.stage = Stage.IDLE


# Sanic awaits its own function, which is no coroutine: a HEAD of a stream raised a TypeError.
Http.head_response_ignored = _end_head  # type: ignore[assignment,method-assign]


def close_after_chunks(request: Request[Any, Any], _response: Any) -> None:
    """Take no other request after chunks: Sanic may see the end of them elsewhere than a proxy."""
    if request.stream and "transfer-encoding" in request.headers:
        request.stream.keep_alive = False  # type: ignore[attr-defined]  # of Http, not of Stream


def resources_of(request: Request[Any, Any]) -> SharedResources:
    """Return what the requests of the application share."""
    resources: SharedResources = request.app.ctx.resources
    return resources


def sessions_of(request: Request[Any, Any]) -> Sessions:
    """Return the session factories of the application."""
    return resources_of(request).sessions


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
        body: Body = adapter_of(schema).validate_json(request.body)
    except ValidationError as error:
        raise _invalid("body", error) from error
    return body


def _invalid(where: str, error: ValidationError) -> SanicException:
    return SanicException(describe(mistakes_of(error), where), status_code=422)
