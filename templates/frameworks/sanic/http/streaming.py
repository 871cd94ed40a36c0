"""A streamed response: lines of JSON, each sent as soon as it is there."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from sanic import Request

from app.kit.http.problems import log_broken_stream


async def stream(request: Request[Any, Any], chunks: AsyncGenerator[bytes]) -> None:
    """Answer with `chunks`, and close their source however the response ends."""
    async with aclosing(chunks):
        # Fetched before the response starts: until then, an error can be answered.
        first = await anext(chunks, b"")
        response = await request.respond(content_type="application/x-ndjson")
        try:
            await response.send(first)
            if request.method != "HEAD":  # then nobody needs the rest
                async for chunk in chunks:
                    await response.send(chunk)
        except Exception as error:  # noqa: BLE001  a second answer can't follow the first
            log_broken_stream(error, f"{request.method} {request.path}")
            # Sanic would end the response as if this was all.
            transport: Any = request.transport
            transport.abort()
        else:
            await response.eof()
