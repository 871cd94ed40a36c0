"""No password is ever printed, whatever goes wrong while a project starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.databases.real import server_for
from support.faults.secret_settings import DEBUG, SECRET, broken
from support.probes import secret_runs
from support.projects import Project, each

pytestmark = pytest.mark.faults

DRIVERS = [(driver, "fastapi") for driver in ("asyncpg", "psycopg", "asyncmy", "aiomysql")]
START = {"fastapi": "--port 0", "none": "work"}
RUN = re.compile(rf"^{secret_runs.MARK}(.+)\n((?:.*\n)*?){secret_runs.ENDED}(-?\d+)$", re.MULTILINE)


@pytest.fixture(scope="module", params=each([*DRIVERS, ("asyncpg", "none")]))
def variant(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return each driver that has passwords, and a worker."""
    driver, framework = request.param
    return driver, framework


@pytest.fixture(scope="module")
def project(variant: tuple[str, str], installed: Callable[..., Project]) -> Project:
    """Return its project."""
    return installed(variant)


@pytest.fixture(scope="module")
def url(project: Project) -> Iterator[str]:
    """Yield the URL of an empty database."""
    with server_for(project.driver) as url:
        yield url


def test_no_password_is_printed(
    variant: tuple[str, str], project: Project, url: str, figures: Callable[[str], None]
) -> None:
    cases = list(broken(url))
    env = {**DEBUG, "START": START[variant[1]], "RUNS": json.dumps(cases)}
    program = Path(secret_runs.__file__)
    done = project.run(project.python, program, DB_CONNECT_TIMEOUT="2", **env)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-5000:]
    runs = RUN.findall(done.stdout)
    expected = [f"{name}, {command}" for name, _ in cases for command in secret_runs.COMMANDS]
    assert [name for name, _, _ in runs] == expected
    assert all(text.strip() for _, text, _ in runs)
    # The replica's is wrong, and not every command asks it.
    assert {name for name, _, code in runs if code == "0"} <= {
        f"the replica, {command}" for command in secret_runs.COMMANDS
    }
    found = [(name, line) for name, text, _ in runs for line in leaks(text, url)]
    assert not found, "\n".join(map(str, found))
    assert not leaks(printed, url)
    figures(f"{len(runs)} runs of {len(cases)} settings printed no password")


def test_no_process_prints_its_password(
    variant: tuple[str, str], project: Project, url: str
) -> None:
    # What the interpreter itself says at its end is in none of the runs above.
    settings = dict(broken(url))["wrong password"]
    for command in (
        ("-m", "app", *START[variant[1]].split()),
        ("-m", "app", "doctor"),
        ("-m", "alembic", "upgrade", "head"),
        ("scripts/seed_database.py",),
    ):
        done = project.run(project.python, *command, **DEBUG, **settings)
        assert done.returncode, command
        assert not leaks(done.stdout + done.stderr, url), command


def leaks(text: str, url: str) -> list[str]:
    """Return the lines that have the wrong password or the right one in them."""
    secrets = (SECRET, urlsplit(url).password or SECRET)
    return [line[:300] for line in text.splitlines() if any(it in line for it in secrets)]
