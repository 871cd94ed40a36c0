"""The project's own database, day to day: every command finds it, and the last one stops it."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
import pytest
from bake import ANSWERS
from devtools.local_mariadb import LocalServerError
from devtools.mariadb_programs import find_programs
from projects import (
    PATIENCE,
    Project,
    Running,
    Service,
    Variant,
    answers,
    each,
    environment,
    free_port,
    install,
    new_directory,
    running,
    serving,
)

pytestmark = pytest.mark.projects

USUAL: list[Variant] = [("asyncpg", "fastapi")]
ON_REQUEST: list[Variant] = [("psycopg", "none"), ("asyncmy", "none"), ("aiosqlite", "fastapi")]
DATA = {"postgresql": "postgres", "mysql": "mariadb"}
WITHOUT_A_DATABASE = ("pytest", "ruff", "mypy")
"""Commands of the README that have a database of their own, or none."""
OWNERS_SCRIPT = """
from app.event_loop import run
from sqlalchemy import func, select
from app.companies.model import Company
from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

async def main():
    async with open_engine(load_settings(Settings)) as engine, engine.connect() as connection:
        print(await connection.scalar(select(func.count()).select_from(Company)))

run(main())
"""


@pytest.fixture(scope="module", params=each([*USUAL, *ON_REQUEST], usual=USUAL))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project as its owner has just made it, in a directory with a difficult name."""
    driver = request.param[0]
    if ANSWERS["_drivers"][driver]["database"] == "mysql":
        try:
            find_programs()
        except LocalServerError as error:
            pytest.skip(str(error))
    directory = new_directory(tmp_path_factory) / "a plâce"
    directory.mkdir()
    return install(directory, **answers(request.param))


@pytest.fixture(autouse=True)
def at_rest(project: Project) -> Iterator[None]:
    """Check that nothing runs any more when a test is over."""
    yield
    wait_until(lambda: not servers_of(project), "the server has stopped")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds; fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


def servers_of(project: Project) -> list[psutil.Process]:
    """Return the database servers that work in the project's directory."""
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"].startswith(("postgres", "mariadbd")):
            try:
                home = Path(process.cwd())
            except psutil.Error:  # it just ends
                continue
            if home.is_relative_to(project.path / ".local"):
                found.append(process)
    return found


def is_served(project: Project) -> bool:
    """Tell whether the project's database is a server."""
    return ANSWERS["_drivers"][project.driver]["database"] in DATA


def commands_of(project: Project) -> list[str]:
    """Return the commands that the README lists."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.*?`) \|", readme, re.MULTILINE)
    return [command for cell in cells for command in re.findall(r"`([^`]+)`", cell)]


COMPLETED = {
    "python -m app jobs add KIND": (
        """python -m app jobs add import_companies '{"companies": []}'"""
    ),
    "python -m app jobs retry ID": "python -m app jobs list --state failed",
    "python -m app companies": "python -m app companies export",
    "python scripts/create_test_data.py --companies 1000 --customers 100000": (
        "python scripts/create_test_data.py --companies 1 --customers 10"
    ),
}
"""What is typed for a command of the README that is not complete, or takes long."""


def type_in(project: Project, command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody types it, in the project's environment."""
    program, *arguments = shlex.split(command)
    return project.run(project.python.parent / program, *arguments, **env)


@contextmanager
def up(project: Project, log: Path, *command: str) -> Iterator[Running]:
    """Yield the service, or the worker, that `python -m app` and `command` start, once it works."""
    if (project.path / "app" / "kit" / "http").exists():
        with serving(project, log, *command) as service:
            assert is_ready(service)
            yield service
        return
    with running(project, log, *command) as worker:
        wait_until(lambda: "Working" in read(worker), "it works")
        yield worker


def read(it: Running) -> str:
    """Return what it has printed; fail if it has ended."""
    text = it.log.read_text(encoding="utf-8")
    assert it.process.poll() is None, text
    return text


def is_ready(it: Running) -> bool:
    """Tell whether the database answers to a service; of a worker, whether it runs."""
    if isinstance(it, Service):
        return httpx2.get(f"{it.url}/ready").status_code == 200
    return it.process.poll() is None


def run_all_of_them(project: Project, log: Path) -> None:
    """Run every command that the README lists and that needs the database."""
    for listed in commands_of(project):
        if listed.startswith(WITHOUT_A_DATABASE) or listed == "python -m app dev":
            continue
        if listed == "python -m app":
            with up(project, log) as it:
                it.stop()
            continue
        done = type_in(project, COMPLETED.get(listed, listed))
        assert done.returncode == 0, f"{listed}\n{done.stdout}\n{done.stderr}"
        for draft in (project.path / "migrations" / "versions").glob("2*.py"):
            draft.unlink()  # else the database would be behind


def test_every_command_works_in_a_fresh_project(project: Project, tmp_path: Path) -> None:
    doctor = type_in(project, "python -m app doctor")
    assert doctor.returncode == 1
    [advice] = re.findall(r"run `([^`]+)`", doctor.stderr)
    assert type_in(project, advice).returncode == 0
    run_all_of_them(project, tmp_path / "serve.log")


def test_every_command_works_while_dev_runs(project: Project, tmp_path: Path) -> None:
    with up(project, tmp_path / "dev.log", "dev") as it:
        run_all_of_them(project, tmp_path / "serve.log")
        assert is_ready(it)
        it.stop()


def test_all_of_them_use_one_database_wherever_they_are_started(
    project: Project, tmp_path: Path
) -> None:
    type_in(project, "alembic upgrade head")
    type_in(project, "python scripts/seed_database.py")
    script = tmp_path / "count_companies.py"
    script.write_text(OWNERS_SCRIPT, encoding="utf-8")
    companies = project.succeed(project.python, script)
    assert int(companies) >= 5
    elsewhere = subprocess.run(
        [project.python, project.path / "scripts" / "seed_database.py"],
        cwd=tmp_path,
        check=False,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert elsewhere.stdout == "Added 0 companies; 5 were there already.\n", elsewhere.stderr
    assert not list(tmp_path.glob("*.db"))


def test_what_needs_no_server_starts_none(project: Project) -> None:
    for command in ("alembic history", "alembic heads", "alembic upgrade head --sql"):
        done = type_in(project, command)
        assert done.returncode == 0, done.stderr
        assert "starts" not in done.stderr
    assert "CREATE TABLE companies" in done.stdout


def test_the_last_of_two_terminals_stops_the_server(project: Project, tmp_path: Path) -> None:
    if not is_served(project):
        pytest.skip("SQLite has no server")
    with (
        up(project, tmp_path / "second.log", "dev") as second,
        up(project, tmp_path / "first.log", "dev") as first,
    ):
        [server, *_] = servers_of(project)
        second.stop()
        assert is_ready(first)
        assert server.is_running()
        with up(project, tmp_path / "third.log", "dev") as third:
            first.process.kill()
            first.process.wait(PATIENCE)
            assert is_ready(third)
            assert server.is_running()
            third.process.kill()
    wait_until(lambda: not server.is_running(), "the server has stopped")


def test_a_crash_of_the_server_is_over_with_the_next_command(
    project: Project, tmp_path: Path
) -> None:
    if not is_served(project):
        pytest.skip("SQLite has no server")
    with up(project, tmp_path / "dev.log", "dev") as it:
        for process in servers_of(project):
            process.kill()
        assert type_in(project, "python scripts/seed_database.py").returncode == 0
        wait_until(lambda: is_ready(it), "dev has it back")
        it.stop()


def test_what_dev_says_of_the_database_can_be_kept(project: Project, tmp_path: Path) -> None:
    with up(project, tmp_path / "dev.log", "dev") as it:
        log = it.stop()
    if not is_served(project):
        [path] = re.findall(r"^SQLite: (.+)$", log, re.MULTILINE)
        assert Path(path).is_relative_to(project.path)
        return
    [url] = re.findall(r"^(?:PostgreSQL|MariaDB): (\S+)$", log, re.MULTILINE)
    dotenv = project.path / ".env"
    dotenv.write_text(f"DATABASE_URL={url}\n", encoding="utf-8")
    try:
        wait_until(lambda: not servers_of(project), "the server has stopped")
        done = type_in(project, "python -m app doctor")
        assert done.returncode == 0, done.stderr
    finally:
        dotenv.unlink()


def test_a_configured_database_is_the_one_that_is_used(project: Project) -> None:
    if not is_served(project):
        pytest.skip("SQLite has no DB_HOST")
    for name, value in (("DB_HOST", "127.0.0.1"), ("DB_NAME", "other"), ("DB_USER", "somebody")):
        done = type_in(
            project, "python -m app doctor", **{name: value, "DB_PORT": str(free_port())}
        )
        assert done.returncode == 1
        assert "check DATABASE_URL" in done.stderr.splitlines()[-1]
        assert "starts" not in done.stderr


def test_an_image_without_devtools_says_what_to_configure(project: Project) -> None:
    if not is_served(project):
        pytest.skip("SQLite has no server")
    devtools = (project.path / "devtools").rename(project.path / "devtools-away")
    try:
        done = type_in(project, "python -m app doctor", DB_CONNECT_TIMEOUT="2")
    finally:
        devtools.rename(project.path / "devtools")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "DATABASE_URL" in sentence
    assert "dev" not in sentence
