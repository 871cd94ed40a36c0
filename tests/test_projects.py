"""Rendered projects, installed from their own pyproject.toml and run for real."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import yaml
from support.bake import ANSWERS, choices
from support.databases.real import count_connections, database_for, server_for
from support.http.contract import drive
from support.kit_tests import OF_DATABASE, add_kit_tests
from support.places import OWNERS
from support.projects import (
    DEAD_PROXY,
    QUESTIONS,
    Project,
    Variant,
    answers,
    each,
    find_uv,
    install,
    migrated_database,
    mypy_cache,
    new_directory,
    passed,
    running,
    serving,
)
from support.repositories import succeed
from support.variants import OF_DATABASES
from support.worker_contract import ENVIRONMENT, check, enqueue

pytestmark = pytest.mark.projects

DEFAULT_SERVER, *OTHER_SERVERS = choices("server")
DRIVERS = [(driver, choices("framework")[0]) for driver in choices("driver")]
FRAMEWORKS = [(choices("driver")[0], framework) for framework in choices("framework")]


def takes_a_server(framework: str) -> bool:
    """Return whether the framework is ASGI."""
    return bool(ANSWERS["_frameworks"][framework]["server"] == "asgi")


def with_server(driver: str, framework: str, server: str) -> Variant:
    """Return the variant, whose server is left out if there is no choice or no need."""
    default = server == DEFAULT_SERVER or not takes_a_server(framework)
    return (driver, framework) if default else (driver, framework, server)


# Each driver with the first framework, each framework with the first driver, and each server
# with both;
PRINCIPAL: list[Variant] = list(
    dict.fromkeys([*DRIVERS, *FRAMEWORKS, *((*DRIVERS[0], server) for server in OTHER_SERVERS)])
)
# on request every combination.
EVERY = list(
    dict.fromkeys(itertools.starmap(with_server, itertools.product(*map(choices, QUESTIONS))))
)
OF_EACH_DATABASE = [pair for pair in DRIVERS if pair[0] in OF_DATABASES.values()]
WORKERS = [(driver, "none") for driver in choices("driver")]
USUAL_WORKERS = [(driver, "none") for driver in OF_DATABASES.values()]
SERVERS = [pair for pair in DRIVERS if ANSWERS["_drivers"][pair[0]]["port"]]

# Each server with the first driver.
WITH_WORKERS: list[Variant] = [
    DRIVERS[0],
    *((*DRIVERS[0], server) for server in OTHER_SERVERS),
    *((DRIVERS[0][0], it) for it in ("aiohttp", "sanic")),
]

WEB_PACKAGES = {
    *("aiohttp", "fastapi", "flask", "granian", "h11", "h2", "httpcore", "httptools", "httpx"),
    *("httpx2", "hypercorn", "litestar", "quart", "sanic", "starlette", "uvicorn", "websockets"),
    *("werkzeug", "wsproto"),
}
OF_COMMANDS = {"alembic", "mako", "typer", "watchfiles"}
"""Packages that only commands need, and no service that is up."""


@pytest.fixture(scope="module", params=each(PRINCIPAL, usual=[*DRIVERS, *FRAMEWORKS]))
def project(request: pytest.FixtureRequest, developed: Callable[..., Project]) -> Project:
    """Return a project with all that its developers need, under awkward names."""
    return developed(request.param)


@pytest.fixture
def production(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project with what it needs to run, and no more."""
    return installed(request.param)


@pytest.fixture(params=each(SERVERS))
def networked(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return the same, of those whose database is a server."""
    return installed(request.param)


@pytest.mark.parametrize("project", each(PRINCIPAL, usual=DRIVERS[:1]), indirect=True)
def test_its_own_tests_pass(project: Project) -> None:
    """As they are in the project; test_kit.py runs those of all variants, with the kit's."""
    output = project.succeed(project.python, "-m", "pytest", "-q", **DEAD_PROXY)
    assert passed(output) > 10


@pytest.mark.parametrize(
    "project", each(PRINCIPAL, usual=[DRIVERS[0], FRAMEWORKS[-1]]), indirect=True
)
def test_the_commands_of_its_ci_pass(project: Project) -> None:
    """test_kit.py checks the types of all variants, test_bake.py lints them."""
    ci = yaml.safe_load((project.path / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    commands = [step["run"].split() for step in ci["jobs"]["checks"]["steps"] if "run" in step]
    assert ["uv", "run", "mypy"] in commands
    # As after a checkout: some look at what is in git.
    succeed(project.path, "git", "init", "--quiet")
    succeed(project.path, "git", "add", "--all")
    for _, *arguments in commands:
        project.succeed(find_uv(), *arguments)


@pytest.mark.parametrize("project", each(PRINCIPAL, usual=OF_EACH_DATABASE), indirect=True)
def test_sessions_behave_in_its_tests_as_in_production(project: Project) -> None:
    tests = Path("tests", "test_session_behaviours.py")
    shutil.copy(OWNERS / "session_behaviours.py", project.path / tests)
    try:
        assert project.pass_tests(tests) > 100
    finally:
        (project.path / tests).unlink()


@pytest.mark.parametrize("project", each(PRINCIPAL, usual=DRIVERS[:1]), indirect=True)
@pytest.mark.parametrize("platform", ["win32", pytest.param("darwin", marks=pytest.mark.full)])
def test_its_types_hold_on_windows_and_macos(project: Project, platform: str) -> None:
    command = ["mypy", "--platform", platform]
    project.succeed(project.python, "-m", *command, MYPY_CACHE_DIR=mypy_cache(platform))


STAGE = '    FORMER = "former"\n'


@pytest.mark.parametrize("project", each(PRINCIPAL, usual=DRIVERS[:1]), indirect=True)
def test_a_migration_can_be_written_from_the_models(project: Project, tmp_path: Path) -> None:
    model = project.path / "app" / "companies" / "model.py"
    customers = project.path / "app" / "customers" / "model.py"
    before, enum = (path.read_text(encoding="utf-8") for path in (model, customers))
    column = "    industry: Mapped[str]"
    assert column in before
    versions = project.path / "migrations" / "versions"
    known = set(versions.glob("*.py"))
    with database_for(project.driver, tmp_path) as url:

        def alembic(*arguments: str) -> str:
            return project.succeed(project.python, "-m", "alembic", *arguments, DATABASE_URL=url)

        alembic("upgrade", "head")
        more = """
    motto: Mapped[str | None]
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worth: Mapped[Decimal | None] = mapped_column(ExactDecimal(12, 2))
    state: Mapped[Literal["new", "old"] | None]
"""
        imports = """from decimal import Decimal
from typing import Literal

from app.kit.db.types import ExactDecimal, UtcDateTime, utc_now
"""
        changed = before.replace("from app.kit.db.types import UtcDateTime, utc_now\n", imports)
        try:
            project.replace("app/customers/model.py", STAGE, f'{STAGE}    LOST = "lost"\n')
            missing = project.run(project.python, "-m", "alembic", "check", DATABASE_URL=url)
            assert "ck_customers_stage" in missing.stdout + missing.stderr
            model.write_text(changed.replace(column, more + column), encoding="utf-8")
            alembic("revision", "--autogenerate", "--message", "Add a motto")
            [written] = set(versions.glob("*.py")) - known
            assert re.search("motto(.|\n)*'lost'", written.read_text(encoding="utf-8"))
            for command in (["format", "--check"], ["check"]):
                project.succeed(project.python, "-m", "ruff", *command, str(written))
            alembic("upgrade", "head")
            alembic("check")
            alembic("downgrade", "base")
        finally:
            model.write_text(before, encoding="utf-8")
            customers.write_text(enum, encoding="utf-8")
            for file in set(versions.glob("*.py")) - known:
                file.unlink()


def on_request(variant: Variant, workers: int) -> list[pytest.MarkDecorator]:
    """Return the mark of what only `-m full` runs: two workers are the server's matter."""
    usual = WITH_WORKERS if workers > 1 else PRINCIPAL
    return [] if variant in usual else [pytest.mark.full]


@pytest.mark.parametrize(
    ("production", "workers"),
    [
        pytest.param(variant, workers, id=f"{name}-{workers}", marks=marks)
        for variant in EVERY
        if variant not in WORKERS
        for workers in (1, 2)
        if (name := "-".join(variant))
        for marks in [[pytest.mark.xdist_group(name), *on_request(variant, workers)]]
    ],
    indirect=["production"],
)
def test_it_keeps_the_contract_and_stops_clean(
    production: Project, tmp_path: Path, workers: int
) -> None:
    with migrated_database(production, tmp_path) as url:
        env = {"DATABASE_URL": url, "DB_APPLICATION_NAME": "contract"}
        options = ["--workers", str(workers)]
        with serving(production, tmp_path / "log", *options, **env) as service:
            drive(service.url)
            assert count_connections(url, "contract") > 0
            log = service.stop()
        assert count_connections(url, "contract") == 0
    assert "Traceback" not in log


@pytest.mark.parametrize("production", each(WORKERS, usual=USUAL_WORKERS), indirect=True)
def test_workers_keep_their_contract_and_stop_clean(production: Project, tmp_path: Path) -> None:
    with migrated_database(production, tmp_path) as url:
        enqueue(production, url)
        env = {"DATABASE_URL": url, "DB_APPLICATION_NAME": "contract", **ENVIRONMENT}
        with (
            running(production, tmp_path / "one.log", **env) as one,
            running(production, tmp_path / "two.log", "--workers", "2", **env) as two,
        ):
            check(production, url)
            assert count_connections(url, "contract") > 0
            logs = [one.stop(), two.stop()]
        assert [one.process.returncode, two.process.returncode] == [0, 0]
        assert count_connections(url, "contract") == 0
    lines = "\n".join(logs).splitlines()
    # Where a job of the contract failed in the database, and nowhere else.
    before = [lines[i - 1] for i, line in enumerate(lines) if line.startswith("Traceback")]
    assert all("app.kit.jobs.consumer: Job" in line for line in before), before


@pytest.mark.parametrize("production", each(WORKERS, usual=USUAL_WORKERS), indirect=True)
def test_a_worker_has_nothing_of_the_web(production: Project) -> None:
    listing = ["pip", "list", "--format", "json", "--python", str(production.python)]
    listed = production.succeed(find_uv(), *listing)
    installed = {package["name"] for package in json.loads(listed)}
    assert "typer" in installed
    assert not installed & WEB_PACKAGES


@pytest.mark.parametrize("production", each([*DRIVERS, *FRAMEWORKS[1:]]), indirect=True)
def test_it_imports_nothing_that_it_does_not_use(production: Project) -> None:
    """Each worker would take the time and the memory for it."""
    module = "app.main" if (production.path / "app" / "main.py").exists() else "app.worker"
    script = f"import {module}, sys; print({OF_COMMANDS} & sys.modules.keys())"
    told = production.succeed(production.python, "-c", script)
    assert told == "set()\n"


@pytest.mark.parametrize(
    "production",
    each([*DRIVERS, *FRAMEWORKS[1:]], usual=[*DRIVERS, FRAMEWORKS[-1]]),
    indirect=True,
)
def test_what_a_start_checks_needs_no_alembic(production: Project, tmp_path: Path) -> None:
    """Nor does it come with the first request; `doctor` checks what a start does, and ends."""
    with migrated_database(production, tmp_path) as url:
        doctor = ("-X", "importtime", "-m", "app", "doctor")
        done = production.run(production.python, *doctor, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert "sqlalchemy" in done.stderr
    assert "alembic" not in done.stderr


def test_a_wrong_password_is_told_in_one_sentence(networked: Project, tmp_path: Path) -> None:
    with database_for(networked.driver, tmp_path) as url:
        wrong = url.replace(f":{urlsplit(url).password}@", ":wrong@")
        done = networked.run(networked.python, "-m", "app", DATABASE_URL=wrong)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "password" in sentence


def test_without_its_server_it_lives_but_is_not_ready(networked: Project, tmp_path: Path) -> None:
    with ExitStack() as stack:
        with server_for(networked.driver) as url:
            networked.migrate(DATABASE_URL=url)
            service = stack.enter_context(serving(networked, tmp_path / "log", DATABASE_URL=url))
        assert httpx2.get(f"{service.url}/health").status_code == 200
        for path in ("/ready", "/api/v1/companies", "/api/v1/companies/export"):
            begun = time.monotonic()
            response = httpx2.get(service.url + path)
            assert response.status_code == 503, path
            assert response.headers["Retry-After"].isdigit()
            if path == "/ready":
                assert time.monotonic() - begun < 2


@pytest.mark.xdist_group("asyncpg")
def test_plain_pip_installs_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The commands of its README for people without uv."""
    project = install(new_directory(tmp_path_factory))
    shutil.rmtree(project.path / ".venv")
    project.succeed(find_uv(), "venv", "--quiet", "--seed")
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    [command] = [line for line in readme.splitlines() if " -m pip install" in line]
    project.succeed(project.python, *command.split()[1:])
    assert project.pass_tests("tests/companies") > 5


@pytest.fixture(params=each(PRINCIPAL, usual=()))
def oldest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with the oldest versions that it says it works with, and the kit's tests."""
    directory = new_directory(tmp_path_factory)
    project = install(directory, "--resolution=lowest-direct", **answers(request.param))
    add_kit_tests(project.path, OF_DATABASE | {"framework", "web"}, **answers(request.param))
    return project


def test_it_works_with_the_oldest_versions_it_allows_and_xdist(oldest: Project) -> None:
    assert passed(oldest.succeed(oldest.python, "-m", "pytest", "-q", "-n", "2")) > 100


SABOTAGE = {
    "a sync dialect": ("app/kit/db/*.py", 'DIALECT = "{dialect}"', 'DIALECT = "{sync}"'),
    "a dependency that is not declared": ("pyproject.toml", '    "{requirement}",\n', ""),
}


@pytest.mark.parametrize(
    "sabotage",
    [next(iter(SABOTAGE)), *(pytest.param(it, marks=pytest.mark.full) for it in [*SABOTAGE][1:])],
)
@pytest.mark.parametrize("variant", each(DRIVERS, usual=DRIVERS[:1]))
def test_a_broken_project_does_not_pass(
    variant: tuple[str, str], sabotage: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing may pass only because this environment happens to hold a package."""
    driver, framework = variant
    facts = ANSWERS["_drivers"][driver]
    # Plain "postgresql" is psycopg, which is both.
    sync = facts["dialect"].partition("+")[0].replace("postgresql", "postgresql+psycopg2")
    files, right, wrong = (
        text.format(**facts, sync=sync) if "{" in text else text for text in SABOTAGE[sabotage]
    )
    project = install(
        new_directory(tmp_path_factory), "--no-install-project", driver=driver, framework=framework
    )
    texts = {path: path.read_text(encoding="utf-8") for path in project.path.glob(files)}
    [file] = [path for path, text in texts.items() if right in text]
    file.write_text(texts[file].replace(right, wrong), encoding="utf-8")
    project.sync()
    done = project.run(project.python, "-m", "pytest", "-q", "-x", "tests/companies")
    assert done.returncode != 0, done.stdout
