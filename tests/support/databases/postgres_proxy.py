"""A proxy in front of PostgreSQL that counts what passes, and can make it wait.

It reads frames of the protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html)
on their way to the server, and changes none.
"""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_UNTYPED = {80877102, 80877103, 80877104}
"""Codes of requests that come before the start-up message: cancel, TLS, GSSAPI."""


@dataclass
class Counts:
    """What passed since the proxy started."""

    connections: int = 0
    round_trips: int = 0
    """How often a client spoke after it had listened, or for the first time."""
    parsed: list[str] = field(default_factory=list)
    """The statements that the server was told to parse, and then to run with "bind"."""
    simple: list[str] = field(default_factory=list)
    """The statements that it was sent without that."""

    def snapshot(self) -> tuple[int, int, int]:
        """Return the connections, round trips and parsed statements so far."""
        return self.connections, self.round_trips, len(self.parsed)


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    url: str
    """Of the database behind it."""
    counts: Counts


@contextmanager
def postgres_proxy(url: str, *, delay: float = 0) -> Iterator[Proxy]:
    """Yield a proxy in front of the server at `url`; a round trip takes `delay` seconds longer."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    loop, counts = asyncio.new_event_loop(), Counts()
    forwarder = _Forwarder(parts.hostname, parts.port, counts, delay / 2)
    server = loop.run_until_complete(asyncio.start_server(forwarder.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = server.sockets[0].getsockname()[1]
        netloc = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        yield Proxy(parts._replace(netloc=netloc).geturl(), counts)
    finally:
        asyncio.run_coroutine_threadsafe(forwarder.close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Forwarder:
    def __init__(self, host: str, port: int, counts: Counts, delay: float) -> None:
        self._address = (host, port)
        self._counts = counts
        self._delay = delay
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward a connection, both ways, until one side ends it."""
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._counts.connections += 1
        with suppress(asyncio.CancelledError, ConnectionError):
            server_reader, server_writer = await asyncio.open_connection(*self._address)
            client = _Client(self._counts)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._forward(reader, server_writer, client.spoke))
                    group.create_task(self._forward(server_reader, writer, client.listened))
            except* ConnectionError:
                pass  # one side hung up
            finally:
                server_writer.close()
                writer.close()
        self._tasks.discard(task)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        note: Callable[[bytes], None],
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            while True:
                due, data = await queue.get()
                if (left := due - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                writer.write(data)
                if not data:
                    writer.write_eof()
                    return

        sending = asyncio.create_task(send()) if self._delay else None
        while data := await reader.read(65536):
            note(data)
            if sending:
                queue.put_nowait((time.monotonic() + self._delay, data))
            else:
                writer.write(data)
        if sending:
            queue.put_nowait((time.monotonic() + self._delay, b""))
            await sending
        else:
            writer.write_eof()

    async def close(self, server: asyncio.Server) -> None:
        """Hang up everywhere."""
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Client:
    """One client's side of the conversation."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._speaking = False
        self._started = False
        self._buffer = b""

    def spoke(self, data: bytes) -> None:
        if not self._speaking:
            self._counts.round_trips += 1
            self._speaking = True
        self._buffer += data
        while self._read_frame():
            pass

    def listened(self, _data: bytes) -> None:
        self._speaking = False

    def _read_frame(self) -> bool:
        head = 1 if self._started else 0
        if len(self._buffer) < head + 4:
            return False
        length = head + struct.unpack_from("!i", self._buffer, head)[0]
        if len(self._buffer) < length:
            return False
        frame, self._buffer = self._buffer[:length], self._buffer[length:]
        if not self._started:
            self._started = struct.unpack_from("!i", frame, 4)[0] not in _UNTYPED
        elif frame[:1] == b"P":
            # After the statement's name.
            self._counts.parsed.append(frame[5:].split(b"\0")[1].decode())
        elif frame[:1] == b"Q":
            self._counts.simple.append(frame[5:-1].decode())
        return True
