"""A streamed response: lines of JSON, each sent as soon as it is there."""

from collections.abc import AsyncGenerator
from typing import ClassVar, Self

from pydantic import RootModel
from quart import Response, request
from sqlalchemy.exc import SQLAlchemyError

from app.kit.http.problems import log_broken_stream


class Lines(RootModel[str]):
    """JSON objects, each on a line."""

    media_type: ClassVar[str] = "application/x-ndjson"


class Chunks:
    """A generator's chunks, the first of which is there already.

    Quart calls `aclose` however the response ends. It is a class, because a generator around
    another would not close that one if it had not begun itself.
    """

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes]) -> None:
        """Iterate over `first`, then `rest`, in answer to the present request."""
        self._first: bytes | None = first
        self._rest = rest
        self._request = f"{request.method} {request.root_path}{request.path}"

    def __aiter__(self) -> Self:
        """Return itself: it can be read once."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk; raises TimeoutError if the database is lost."""
        first, self._first = self._first, None
        try:
            return first if first is not None else await anext(self._rest)
        except SQLAlchemyError as error:
            # A second answer can't follow the first. After this error only, Quart sends nothing
            # more, so the last chunk is missing: the client sees that the answer is incomplete.
            log_broken_stream(error, self._request)
            raise TimeoutError from error

    async def aclose(self) -> None:
        await self._rest.aclose()


async def start_stream(chunks: AsyncGenerator[bytes]) -> Response:
    """Return the response once its first chunk is there: before, an error can be answered."""
    first = await anext(chunks, b"")
    response = Response(Chunks(first, chunks), content_type=Lines.media_type)
    # By default Quart cuts a response off after a minute, as if it had ended.
    response.timeout = None
    return response
