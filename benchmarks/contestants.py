"""Who takes part: the floor, the usual template, and rendered projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
from support.bake import ANSWERS, TEMPLATE, WEB_FRAMEWORKS
from support.projects import Project, find_uv, install

from benchmarks.errors import BenchmarkError
from benchmarks.routes import OURS, Routes
from benchmarks.servers import PATIENCE, Server, started

FLOOR = "floor"
USUAL = "usual template"
DRIVERS = ("asyncpg", "psycopg")
"""Those of PostgreSQL, on whose tables all meet."""
BASELINE = ("asyncpg", "fastapi")
"""The render in whose environment the floor and the usual template run."""
AT_ONCE = 7
"""Projects side by side: ten connections each, of the hundred that PostgreSQL allows."""
QUIET = {"APP_LOG_LEVEL": "warning"}
"""No access log, for all."""


@dataclass(frozen=True)
class Contestant:
    """Something that serves companies."""

    name: str
    project: Project
    """In whose environment it runs."""
    command: tuple[str, ...]
    directory: Path | None = None
    """Where it starts, if that is not the project's directory."""
    prefix: tuple[str, ...] = ()
    """A program under which it runs, with its options."""
    patience: float = PATIENCE
    """Seconds after which it will not start."""
    routes: Routes = OURS

    def start(
        self, url: str, log: Path, *options: str, **env: str
    ) -> AbstractContextManager[Server]:
        """Return the service on the database at `url`, once it answers."""
        command: list[str | Path] = [
            *self.prefix,
            self.project.python,
            *self.command,
            *options,
            *("--port", "{port}"),
        ]
        return self._started(command, log, QUIET | {"DATABASE_URL": url} | env)

    def _started(
        self, command: list[str | Path], log: Path, env: dict[str, str]
    ) -> AbstractContextManager[Server]:
        directory = self.directory or self.project.path
        return started(
            self.name,
            command,
            directory,
            log,
            env,
            patience=self.patience,
            routes=self.routes,
        )


def chosen(drivers: list[str], frameworks: list[str]) -> list[tuple[str, str]]:
    """Return the drivers and frameworks to measure.

    By default each framework on the first driver, and the first framework on every driver.
    Raises BenchmarkError if they are too many to run side by side.
    """
    frameworks = frameworks or WEB_FRAMEWORKS
    pairs = [
        (driver, framework)
        for driver in drivers or DRIVERS
        for framework in frameworks
        if drivers or driver == DRIVERS[0] or framework == frameworks[0]
    ]
    if len(pairs) > AT_ONCE:
        raise BenchmarkError(
            f"PostgreSQL's connections suffice for {AT_ONCE} projects side by side: choose fewer "
            "with --driver and --framework."
        )
    return pairs


def label(driver: str, framework: str) -> str:
    """Return what a project is called in reports."""
    return f"{ANSWERS['_frameworks'][framework]['label']}, {driver}"


class Workshop:
    """Renders and installs projects, each once, with what they need in production."""

    def __init__(self, directory: Path, advance: Callable[[str], object]) -> None:
        """Work in `directory`; `advance` is told what is installed."""
        self._directory = directory
        self._advance = advance
        self._projects: dict[tuple[str, ...], Project] = {}
        self._baseline: Project | None = None

    def project(self, driver: str, framework: str, **answers: str) -> Project:
        """Return a project that can run, with the defaults for all other answers."""
        key = (driver, framework, *answers.values())
        if key not in self._projects:
            self._advance(f"Install {label(driver, framework)}")
            self._projects[key] = self._install("-".join(key), driver, framework, **answers)
        return self._projects[key]

    def contestant(self, driver: str, framework: str, **answers: str) -> Contestant:
        """Return a project that takes part."""
        project = self.project(driver, framework, **answers)
        return Contestant(label(driver, framework), project, ("-m", "app", "serve"))

    def baselines(self) -> list[Contestant]:
        """Return the floor and the usual template.

        Their environment is that of a project of their own, with orjson besides: so all have
        the same Python, uvicorn, uvloop, httptools, SQLAlchemy and driver.
        """
        if self._baseline is None:
            self._advance("Install the floor and the usual template")
            self._baseline = project = self._install("baseline", *BASELINE)
            needs = f"{TEMPLATE / 'pyproject.toml'}:baseline"
            add_packages(project, "--group", needs)
        project = self._baseline
        server = ("-m", "uvicorn", "--log-level", "warning", "--app-dir")
        here = str(Path(__file__).parent)
        return [
            Contestant(FLOOR, project, (*server, here, "floor:app")),
            Contestant(USUAL, project, (*server, here, "usual:app")),
        ]

    def versions(self) -> dict[str, str]:
        """Return the packages that were installed, and their versions."""
        found: dict[str, str] = {}
        baseline = [self._baseline] if self._baseline else []
        for project in (*self._projects.values(), *baseline):
            found |= versions_in(project)
        return dict(sorted(found.items()))

    def _install(self, name: str, driver: str, framework: str, **answers: str) -> Project:
        directory = self._directory / name
        directory.mkdir()
        answers |= {"driver": driver, "framework": framework}
        return install(directory, "--no-default-groups", **answers)


def add_packages(project: Project, *what: str) -> None:
    """Install packages into a project's environment."""
    venv = project.path / ".venv"
    project.succeed(find_uv(), "pip", "install", "--quiet", "-p", venv, *what)


def versions_in(project: Project) -> dict[str, str]:
    """Return the packages of a project's environment, and their versions."""
    told = project.succeed(find_uv(), "pip", "list", "--format=json", "-p", project.path / ".venv")
    return {it["name"]: it["version"] for it in json.loads(told)}


def ensure_the_same_answers(servers: list[Server]) -> None:
    """Raise BenchmarkError if one of them does not do what it should, or not what the others do."""
    for server in servers:
        routes = server.routes
        body, headers = routes.named(f"First {uuid4().hex}"), {"Content-Type": "application/json"}
        for response in (
            httpx2.get(f"{server.url}{routes.path(1)}", trust_env=False),
            httpx2.post(
                f"{server.url}{routes.insert}", content=body, headers=headers, trust_env=False
            ),
        ):
            if response.status_code not in {200, 201} or (
                routes.keys and response.json().keys() != routes.keys
            ):
                raise BenchmarkError(
                    f"{server.name} answers {response.status_code} {response.text[:200]}."
                )
