"""A stub that answers every command of a MongoDB client with `ANSWER`: enough for a ping.

It shows how a driver connects, sends and receives; it is no MongoDB, and stores nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

HEADER = struct.Struct("<4i")
"""Of each message: its length, its number, which it answers, and its kind."""
OP_MSG = 2013
ANSWER = {
    "ok": 1,
    "answer": 42,
    "isWritablePrimary": 1,
    "minWireVersion": 0,
    "maxWireVersion": 25,
    "maxBsonObjectSize": 1 << 24,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
}


def _encode(document: dict[str, int]) -> bytes:
    """Return `document` as BSON."""
    fields = [b"\x10%s\0%s" % (k.encode(), struct.pack("<i", v)) for k, v in document.items()]
    body = b"".join(fields)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


class _Answering(StreamRequestHandler):
    def handle(self) -> None:
        body = bytes(5) + _encode(ANSWER)
        while header := self.rfile.read(HEADER.size):
            length, number, _, kind = HEADER.unpack(header)
            self.rfile.read(length - HEADER.size)
            assert kind == OP_MSG, kind
            self.wfile.write(HEADER.pack(HEADER.size + len(body), 0, number, OP_MSG) + body)


class _Server(ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def stub_mongodb() -> Iterator[str]:
    """Yield the URL of a stub, for clients that speak the stable API (OP_MSG) from the start."""
    with _Server(("127.0.0.1", 0), _Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"mongodb://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
