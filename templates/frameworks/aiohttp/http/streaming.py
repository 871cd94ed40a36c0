"""A streamed response: lines of JSON, each sent as soon as it is there."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web
from aiohttp.hdrs import METH_HEAD

from app.kit.http.problems import log_broken_stream


async def stream(request: web.Request, chunks: AsyncGenerator[bytes]) -> web.StreamResponse:
    """Answer with `chunks`, and close their source however the response ends."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    async with aclosing(chunks):
        # Fetched before the response starts: until then, an error can be answered.
        first = await anext(chunks, b"")
        await response.prepare(request)
        if request.method == METH_HEAD:
            # aiohttp would send the lines all the same, and the client take them for an answer.
            return response
        try:
            await response.write(first)
            async for chunk in chunks:
                await response.write(chunk)
        except ConnectionError:
            pass  # The client hung up.
        except Exception as error:  # noqa: BLE001  a second answer can't follow the first
            log_broken_stream(error, f"{request.method} {request.path}")
            if request.transport:
                # Without the last chunk the client sees that this is not all.
                request.transport.abort()
    return response
