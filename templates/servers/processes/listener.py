"""Where the service listens: one socket, opened once.

All processes share it, and it outlives each of them: a connection that comes while a
process is replaced waits for the next.
"""

import socket

from app.kit.settings import ServiceSettings

Listener = socket.socket


def listen(settings: ServiceSettings) -> Listener:
    """Return the socket, which accepts connections from now on."""
    address = (settings.app_host, settings.app_port)
    family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server(address, family=family)


def address(listener: Listener) -> tuple[str, int]:
    """Return the host and the port on which it listens."""
    host, port, *_ = listener.getsockname()
    return host, port
