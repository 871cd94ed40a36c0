"""Where the service listens: granian opens a socket of its own in each process.

The kernel deals connections out to them. Only POSIX systems have such sockets, and on Windows
granian's own launcher serves with one process, too.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.kit.commands.command_error import CommandError
from app.kit.settings import ServiceSettings

Listener = tuple[str, int]


@contextmanager
def listen(settings: ServiceSettings) -> Iterator[Listener]:
    """Yield the host, as a number, and the port; nobody else gets them meanwhile.

    Raises CommandError if this system can't serve with as many processes.
    """
    if sys.platform == "win32" and settings.app_workers > 1:
        raise CommandError(
            f"APP_WORKERS is {settings.app_workers}, but granian serves with one process on "
            "Windows: set 1."
        )
    family, _, _, _, where = socket.getaddrinfo(
        settings.app_host, settings.app_port, type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, socket.SOCK_STREAM) as reserved:
        if sys.platform != "win32":
            # Bound, it keeps the port; as it does not listen, it gets no connection.
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            reserved.bind(where)
            where = reserved.getsockname()
        yield str(where[0]), int(where[1])


def address(listener: Listener) -> tuple[str, int]:
    """Return the host and the port on which it listens."""
    return listener
