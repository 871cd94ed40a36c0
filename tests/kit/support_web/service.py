"""The service as a process that answers."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

import httpx2

from tests.support.processes import PATIENCE, Running, running

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without certificates: nothing here is encrypted, and each client would read the system's."""


@dataclass
class Service(Running):
    """A service that runs."""

    url: str

    def client(self) -> httpx2.AsyncClient:
        """Return a client; no proxy leads to this machine."""
        return httpx2.AsyncClient(base_url=self.url, trust_env=False, verify=TLS)


@contextmanager
def running_service(*command: str, env: dict[str, str]) -> Iterator[Service]:
    """Yield a service that answers, under warnings as errors; kill it in the end."""
    port = free_port()
    with running("-m", "app", *command, "--port", str(port), env=env) as started:
        service = Service(started.process, started.output, f"http://127.0.0.1:{port}")
        _wait_until_it_answers(service)
        yield service


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _wait_until_it_answers(service: Service) -> None:
    deadline = monotonic() + PATIENCE
    while service.process.poll() is None and monotonic() < deadline:
        try:
            httpx2.get(f"{service.url}/health", trust_env=False, verify=TLS)
        except httpx2.TransportError:
            sleep(0.05)
        else:
            return
    service.process.kill()
    raise AssertionError(f"The service does not answer: {service.wait()}")
