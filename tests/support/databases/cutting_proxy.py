"""A proxy that hangs up at COMMIT: before the server gets it, or before its client has the answer.

It looks for words in what passes, and knows no protocol: all drivers send these in clear.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from support.background import background


@dataclass
class Cutting:
    """A running proxy."""

    url: str
    """Of the database behind it."""
    after: bytes
    """What a connection must have sent before its COMMIT is cut."""
    delivered: bool
    """Whether the server gets the COMMIT."""
    cuts: int = 0
    """How many there were so far."""
    armed: bool = True


@contextmanager
def cutting_proxy(url: str, *, after: bytes, delivered: bool) -> Iterator[Cutting]:
    """Yield a proxy in front of the server at `url`, for connections that have sent `after`."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    there, listening = (parts.hostname, parts.port), threading.Event()
    cutting = Cutting(url, after, delivered)

    async def serve(stop: threading.Event) -> None:
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _Connection(cutting, reader, writer).forward(there)

        server = await asyncio.start_server(forward, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
        cutting.url = parts._replace(netloc=netloc).geturl()
        listening.set()
        await asyncio.to_thread(stop.wait)
        server.close()

    with background(lambda stop: asyncio.run(serve(stop))):
        assert listening.wait(60)
        yield cutting


class _Connection:
    def __init__(
        self, cutting: Cutting, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._cutting = cutting
        self._reader = reader
        self._writer = writer
        self._is_cut = False

    async def forward(self, there: tuple[str, int]) -> None:
        """Forward both ways, until one side hangs up or this is cut."""
        reader, writer = await asyncio.open_connection(*there)
        with suppress(ConnectionError, asyncio.CancelledError):
            try:
                answers = asyncio.create_task(self._return(reader))
                await self._send(writer)
                await asyncio.wait([answers], timeout=60 if self._is_cut else None)
                answers.cancel()
            finally:
                writer.close()
                # As a network that breaks does: without a word.
                self._writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        seen = b""
        while data := await self._reader.read(65536):
            seen += data
            ready = self._cutting.armed and self._cutting.after in seen
            if ready and b"COMMIT" in data.upper():
                self._is_cut = True
                self._cutting.cuts += 1
                if self._cutting.delivered:
                    writer.write(data)
                else:
                    writer.close()
                return
            writer.write(data)
        writer.close()

    async def _return(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            if self._is_cut:
                # The server has done it.
                return
            self._writer.write(data)
