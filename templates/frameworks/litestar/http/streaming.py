"""A streamed response: lines of JSON, each sent as soon as it is there."""

from collections.abc import AsyncGenerator
from typing import Self

from litestar.openapi.datastructures import ResponseSpec
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from app.kit.http.problems import log_broken_stream

MEDIA_TYPE = "application/x-ndjson"
DOCUMENTED = ResponseSpec(
    str, generate_examples=False, description="A JSON object a line", media_type=MEDIA_TYPE
)


class NdjsonResponse(ASGIStreamingResponse):
    """Streams lines of JSON, and closes their source however the response ends.

    Litestar's own Stream leaves its source to the garbage collector when the client hangs up.
    """

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes]) -> None:
        async def chunks() -> AsyncGenerator[bytes]:
            yield first
            async for chunk in rest:
                yield chunk

        super().__init__(iterator=chunks(), media_type=MEDIA_TYPE)
        self._source = rest

    @classmethod
    async def start(cls, chunks: AsyncGenerator[bytes]) -> Self:
        """Return the response once its first chunk is there: before, an error can be answered."""
        return cls(await anext(chunks, b""), chunks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks until they end, the client hangs up, or the database does."""
        try:
            await super().__call__(scope, receive, send)
        except* SQLAlchemyError as errors:
            # A second answer can't follow the first. Neither does a last chunk, so that the client
            # sees that this is not all.
            request = f"GET {scope['path']}"
            for error in errors.exceptions:
                if isinstance(error, SQLAlchemyError):  # and no group of them
                    log_broken_stream(error, request)
        finally:
            await self._source.aclose()
