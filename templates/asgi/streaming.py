"""A streamed response: lines of JSON, each sent as soon as it is there."""

from collections.abc import AsyncGenerator
from typing import Self

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.kit.http.problems import log_broken_stream


class NdjsonResponse(StreamingResponse):
    """Streams lines of JSON, and closes their source however the response ends."""

    media_type = "application/x-ndjson"

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes]) -> None:
        async def chunks() -> AsyncGenerator[bytes]:
            yield first
            async for chunk in rest:
                yield chunk

        super().__init__(chunks())
        self._source = rest

    @classmethod
    async def start(cls, chunks: AsyncGenerator[bytes]) -> Self:
        """Return the response once its first chunk is there: before, an error can be answered."""
        return cls(await anext(chunks, b""), chunks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks until they end, the client hangs up, or the database does."""
        try:
            await super().__call__(scope, receive, send)
        except SQLAlchemyError as error:
            # A second answer can't follow the first. Neither does a last chunk, so that the client
            # sees that this is not all.
            log_broken_stream(error, f"{scope['method']} {scope['path']}")
        finally:
            await self._source.aclose()
