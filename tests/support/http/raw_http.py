"""HTTP by hand, for clients that do what no client library does."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

LAST_CHUNK = b"\r\n0\r\n\r\n"
"""What tells that a streamed answer is complete."""
_AT_ONCE = struct.pack("hh" if hasattr(socket, "SIO_RCVALL") else "ii", 1, 0)


def request(method: str, path: str, body: object = None) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: service\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    content = json.dumps(body).encode()
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Yield a connection to the service at `url`, with a small buffer."""
    parts = urlsplit(url)
    with socket.socket() as connection:
        connection.settimeout(60)
        # So that a stream can't end in the buffers.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((parts.hostname, parts.port))
        yield connection


def reset(connection: socket.socket) -> None:
    """Hang up as a client does that crashed: RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    connection.close()


def close(connection: socket.socket) -> None:
    """Hang up as a client does that has given up: FIN."""
    connection.close()


def status_of(connection: socket.socket) -> int:
    """Return the status of the answer, or 0 if the service hung up without one."""
    received = b""
    while b"\r\n" not in received:
        chunk = connection.recv(4096)
        if not chunk:
            return 0
        received += chunk
    return int(received.split(b" ", 2)[1])


def exchange(url: str, content: bytes, *, patience: float = 2) -> bytes:
    """Return all that the service answers to `content`, until it hangs up or says no more."""
    received = b""
    with connected(url) as connection:
        connection.settimeout(patience)
        # It may hang up first, and what it said before that can still be read.
        with suppress(OSError):
            connection.sendall(content)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
    return received


def rest_of(connection: socket.socket) -> bytes:
    """Return the last bytes of a streamed answer, which ends or breaks off."""
    rest = b""
    try:
        while not rest.endswith(LAST_CHUNK) and (chunk := connection.recv(65536)):
            rest = (rest + chunk)[-len(LAST_CHUNK) :]
    except ConnectionError:
        pass
    return rest


def ended(connection: socket.socket) -> bool:
    """Return whether the service closed a connection on which nothing else is to come."""
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(60)
