"""A proxy that removes a prefix: nginx with `location /crm/ { proxy_pass http://service/; }`."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


@contextmanager
def stripping_proxy(url: str, prefix: str) -> Iterator[str]:
    """Yield the URL of a proxy whose paths below `prefix` are those of the service at `url`.

    It ends TLS, it says, and forwards the first request of a connection, with all that follows.
    """
    parts = urlsplit(url)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (part := self.request.recv(65_536)):
                    return
                head += part
            head, _, body = head.partition(b"\r\n\r\n")
            method, _, rest = head.partition(b" ")
            assert rest.startswith(f"{prefix}/".encode())
            head = method + b" " + rest.removeprefix(prefix.encode())
            said = f"X-Forwarded-For: {self.client_address[0]}\r\nX-Forwarded-Proto: https"
            with socket.create_connection((parts.hostname, parts.port)) as service:
                service.sendall(b"\r\n".join([head, said.encode(), b"", body]))
                back = threading.Thread(target=_copy, args=[service, self.request])
                back.start()
                _copy(self.request, service)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
