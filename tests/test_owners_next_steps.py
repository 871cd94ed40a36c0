"""A fresh default project survives what its owner does next, one thing after the other.

The numbers are in the order in which owners meet these things; each has tests of its own, for
every driver or framework that it concerns. Here they meet in one project, whose own local database
serves them all.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
from support.places import OWNERS
from support.projects import (
    PATIENCE,
    Project,
    environment,
    find_uv,
    install,
    new_directory,
    passed,
    serving,
)
from websockets.sync.client import connect

pytestmark = pytest.mark.projects

OWNER = OWNERS / "next_steps"
CONCURRENTLY = """    with op.get_context().autocommit_block():
        op.create_index("ix_visits_code", "visits", ["code"], postgresql_concurrently=True)
"""
MANAGED = (
    "sslmode=disable&application_name=owner&connect_timeout=9&options=-c%20search_path%3Dpublic"
)
"""What services put behind the question mark of their URLs."""
PLACES = {"app/visits": "model.py routes.py", "tests/visits": "test_routes.py"}
"""Where the files of an owner go."""


def test_one_step_after_the_other(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    project = install(new_directory(tmp_path_factory))
    log = tmp_path / "log"
    # In the first terminal; all that follows is typed in the second, with nothing configured.
    with serving(project, log, "dev", DB_LEAK_THRESHOLD="1") as dev:
        printed = log.read_text(encoding="utf-8")
        database = re.search(r"postgresql://\S+", printed)
        assert database, printed
        write_what_an_owner_writes(project)
        migrate_new_types(project)
        add_a_member(project)
        build_an_index_while_another_migrates(project)
        merge_two_heads(project)
        assert "uv sync" in refused(project, find_uv(), "build")
        until(lambda: httpx2.get(f"{dev.url}/visits").status_code == 200, "dev has reloaded")
        use_sessions_after_the_answer(dev.url, log)
        talk_by_websocket(dev.url)
        # None of the project's own tests minds what its owner has added.
        assert passed(project.succeed(project.python, "-m", "pytest", "-q")) > 20
        name_the_database(project, database[0], tmp_path)
        write_settings_with_powershell(project)
        dev.stop()
    # The database stopped with its last user; each command starts it.
    assert "(head)" in alembic(project, "current")


def write_what_an_owner_writes(project: Project) -> None:
    """Add a resource with its route and its test, a setting, and a column of the example."""
    for name in PLACES:
        (project.path / name).mkdir()
        (project.path / name / "__init__.py").touch()
    for place, name in PLACES.items():
        for file in name.split():
            text = (OWNER / file).read_text(encoding="utf-8")
            (project.path / place / file).write_text(text, encoding="utf-8")
    settings = "from app.settings import Settings\n"
    project.replace(
        "app/main.py", settings, settings + "from app.visits.routes import router as visits\n"
    )
    routes = '    app.include_router(customers, prefix="/api/v1")\n'
    project.replace("app/main.py", routes, routes + "    app.include_router(visits)\n")
    with (project.path / "app" / "settings.py").open("a", encoding="utf-8") as added:
        added.write('\n    visits_mood: str = "good"\n')
    column = "    industry: Mapped[str]"
    project.replace("app/companies/model.py", column, f"    motto: Mapped[str | None]\n{column}")


def migrate_new_types(project: Project) -> None:
    alembic(project, "revision", "--autogenerate", "-m", "Visits")
    [written] = (project.path / "migrations" / "versions").glob("*_visits.py")
    assert not re.search(
        r"^(import|from) app|[^_]app\.", written.read_text(encoding="utf-8"), re.MULTILINE
    )
    for arguments in (["upgrade", "head"], ["check"], ["downgrade", "-1"], ["upgrade", "head"]):
        alembic(project, *arguments)
    alembic(project, "check")


def add_a_member(project: Project) -> None:
    project.replace(
        "app/visits/model.py",
        '    BAD = "bad"\n',
        '    BAD = "bad"\n    SO_SO = "somewhere in between"\n',
    )
    assert "ck_visits_mood" in refused(project, project.python, "-m", "alembic", "check")
    alembic(project, "revision", "--autogenerate", "-m", "A mood in between")
    alembic(project, "upgrade", "head")
    alembic(project, "check")


def build_an_index_while_another_migrates(project: Project) -> None:
    alembic(project, "revision", "-m", "Find visits by their code")
    [written] = (project.path / "migrations" / "versions").glob("*_find_visits_by_their_code.py")
    # As an owner would: Alembic's imports are still there.
    start = "def upgrade() -> None:\n"
    project.replace(written, f"{start}    pass\n", start + CONCURRENTLY)
    project.succeed(project.python, "-m", "ruff", "check", str(written))
    command: list[str | Path] = [project.python, "-m", "alembic", "upgrade", "head"]
    migrators = [subprocess.Popen(command, cwd=project.path, env=environment()) for _ in range(3)]
    assert [migrator.wait(PATIENCE) for migrator in migrators] == [0, 0, 0]
    written.write_text(
        written.read_text(encoding="utf-8").replace(", postgresql_concurrently=True", ""),
        encoding="utf-8",
    )
    project.replace(
        "app/visits/model.py", "mapped_column(Lowercase)", "mapped_column(Lowercase, index=True)"
    )
    alembic(project, "check")


def merge_two_heads(project: Project) -> None:
    before = alembic(project, "heads").split()[0]
    alembic(project, "revision", "-m", "mine")
    alembic(project, "revision", "-m", "yours", "--head", before, "--splice")
    advice = refused(project, project.python, "-m", "alembic", "upgrade", "head")
    commands = re.findall(r"`alembic ([^`]+)`", advice)
    assert len(commands) == 2, advice
    for command in commands:
        alembic(project, *command.split())
    assert alembic(project, "current").count("(head)") == 1


def use_sessions_after_the_answer(url: str, log: Path) -> None:
    # More than the pool has connections.
    for _ in range(14):
        assert httpx2.post(f"{url}/visits/late").status_code == 202
    until(lambda: log_of(log).count("permanently closed") >= 14, "each failure is logged")
    assert "in add_visit" in log_of(log)
    assert httpx2.get(f"{url}/visits").json() == 0
    assert httpx2.post(f"{url}/visits/own").status_code == 202
    until(lambda: httpx2.get(f"{url}/visits").json() == 1, "the visit is there")
    assert httpx2.get(f"{url}/visits/slow").status_code == 200
    until(lambda: "in hold_a_connection" in log_of(log), "the log names who holds a connection")


def talk_by_websocket(url: str) -> None:
    with connect(f"ws{url.removeprefix('http')}/visits/socket", proxy=None) as socket:
        for expected in ("2", "3"):
            socket.send("another")
            assert socket.recv(timeout=PATIENCE) == expected
    assert httpx2.get(f"{url}/visits").json() == 3


def name_the_database(project: Project, url: str, directory: Path) -> None:
    managed = {"DATABASE_URL": f"{url}?{MANAGED}"}
    assert "All is well." in project.succeed(project.python, "-m", "app", "doctor", **managed)
    unknown = {"DATABASE_URL": f"{url}?useSSL=true"}
    assert "useSSL" in refused(project, project.python, "-m", "app", "doctor", **unknown)
    parts, secret = urlsplit(url), directory / "secret"
    secret.write_text(f"{unquote(parts.password or '')}\n", encoding="utf-8")
    apart = {
        "DB_HOST": parts.hostname or "",
        "DB_PORT": str(parts.port),
        "DB_USER": parts.username or "",
        "DB_NAME": parts.path[1:],
        "DB_PASS_FILE": str(secret),
    }
    assert "All is well." in project.succeed(project.python, "-m", "app", "doctor", **apart)


def write_settings_with_powershell(project: Project) -> None:
    dotenv = project.path / ".env"
    dotenv.write_text("APP_CORS_ORIGINS=https://a.example\n", encoding="utf-16")
    try:
        told = project.succeed(project.python, "-m", "app", "doctor", WEB_CONCURRENCY="3")
    finally:
        dotenv.unlink()
    assert "https://a.example" in told
    assert re.search(r"APP_WORKERS +3\b", told)


def alembic(project: Project, *arguments: str) -> str:
    """Run Alembic's command line as it stands in the README, and return what it prints."""
    return project.succeed(project.python, "-m", "alembic", *arguments)


def refused(project: Project, *command: str | Path, **env: str) -> str:
    """Run a command that must fail, without a traceback; return what it says."""
    done = project.run(*command, **env)
    assert done.returncode != 0, done.stdout
    told = done.stdout + done.stderr
    assert "Traceback" not in told, told
    return told


def log_of(path: Path) -> str:
    """Return what the service wrote so far."""
    return path.read_text(encoding="utf-8")


def until(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds; fail if it does not within a minute."""
    deadline = time.monotonic() + PATIENCE / 5
    while not holds(condition):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


def holds(condition: Callable[[], bool]) -> bool:
    """Return whether it does; not while the service starts again."""
    try:
        return condition()
    except httpx2.TransportError:
        return False
