"""MariaDB says nothing any more, and no request, probe or stop waits longer than it should."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from support.databases.real import server_for
from support.faults.silence import (
    PING,
    SCHEDULING,
    SETTINGS,
    Figures,
    fill,
    health_watched,
    silence_between_two_requests,
    silence_while_the_pool_is_idle,
)
from support.projects import Project, Service, each, serving

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows freezes no process"),
]


@dataclass(frozen=True)
class Scene:
    """A service and its server."""

    service: Service
    server: psutil.Process

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the server say nothing for the length of the block."""
        self.server.suspend()
        try:
            yield
        finally:
            self.server.resume()


@pytest.fixture(params=each([("asyncmy", "fastapi"), ("aiomysql", "fastapi")]))
def scene(
    request: pytest.FixtureRequest, installed: Callable[..., Project], tmp_path: Path
) -> Iterator[Scene]:
    """Yield them."""
    project = installed(request.param)
    with server_for(project.driver) as url:
        project.migrate(DATABASE_URL=url)
        port = urlsplit(url).port
        [server] = [
            process
            for process in psutil.Process().children(recursive=True)
            for its in process.net_connections("tcp")
            if its.status == psutil.CONN_LISTEN and its.laddr.port == port
        ]
        env = SETTINGS | {"DATABASE_URL": url}
        with serving(project, tmp_path / "log", **env) as service:
            yield Scene(service, server)


def test_an_idle_pool_and_a_frozen_server(scene: Scene, figures: Figures) -> None:
    with health_watched(scene.service.url):
        silence_while_the_pool_is_idle(scene.service.url, scene.frozen(), figures)


def test_a_server_that_freezes_between_two_requests(scene: Scene, figures: Figures) -> None:
    with health_watched(scene.service.url):
        silence_between_two_requests(scene.service.url, scene.frozen(), figures)


def test_a_stop_while_the_server_is_frozen(scene: Scene, figures: Figures) -> None:
    fill(scene.service.url)
    with scene.frozen():
        begun = time.monotonic()
        scene.service.stop()
        seconds = time.monotonic() - begun
    figures(f"ended {seconds:.1f} s after SIGTERM")
    assert seconds <= PING + SCHEDULING
