"""A service that is talked to by those who mean it no good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from support.bake import WEB_FRAMEWORKS
from support.http.contract import COMPANIES
from support.projects import Project, Service, migrated_database, serving

HTTP = [
    *(("asyncpg", framework) for framework in WEB_FRAMEWORKS),
    ("asyncpg", WEB_FRAMEWORKS[0], "granian"),
    ("asyncpg", WEB_FRAMEWORKS[0], "hypercorn"),
]
"""Whatever parses what comes over the wire."""
DATA = [
    *(("asyncpg", framework) for framework in WEB_FRAMEWORKS),
    ("psycopg", WEB_FRAMEWORKS[0]),
    ("aiosqlite", WEB_FRAMEWORKS[0]),
]
"""Whatever brings a value to a database and back."""

TOLD = re.compile(
    rb"Traceback|File \"|site-packages|sqlalchemy|asyncpg|psycopg|sqlite|postgres"
    rb"|SELECT |INSERT |UPDATE |0x7f",
    re.IGNORECASE,
)
"""What no answer may say: it tells how the service is made."""


@dataclass(frozen=True)
class Target:
    """A service in which there is one company."""

    service: Service
    company: str
    """Its path."""

    @property
    def url(self) -> str:
        """The URL of the service."""
        return self.service.url

    def log(self) -> str:
        """Return all of the log."""
        return self.service.log.read_text(encoding="utf-8")

    def check(self) -> None:
        """Raise AssertionError if the service is not as it was."""
        for path in ("/ready", self.company):
            response = httpx2.get(self.url + path, timeout=60)
            assert response.status_code == 200, (path, response.text)
        assert not re.search("Traceback|never retrieved|CRITICAL|ERROR", self.service.written())


@contextmanager
def target(project: Project, directory: Path, **env: str) -> Iterator[Target]:
    """Yield a service of the project, with a database of its own."""
    with (
        migrated_database(project, directory) as url,
        serving(project, directory / "log", DATABASE_URL=url, **env) as service,
    ):
        body = {"name": "Target", "industry": "Targets"}
        response = httpx2.post(service.url + COMPANIES, json=body)
        assert response.headers["Location"] == f"{COMPANIES}/1"
        yield Target(service, response.headers["Location"])
