"""Commands whose output can't show a character, as on Windows, where a file has its code page."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from support.bake import TEMPLATE, choices
from support.projects import Copy, Project, each, environment, migrated_database, serving

pytestmark = pytest.mark.projects

DRIVER, FRAMEWORK = choices("driver")[0], choices("framework")[0]
VARIANTS = [(DRIVER, FRAMEWORK), (DRIVER, "none")]
NAME = "Ωmega ☃ 数据库"
"""No code page has it all."""
ESCAPED = NAME.encode("ascii", "backslashreplace").decode()
ENCODINGS = ["cp1252", pytest.param("ascii", marks=pytest.mark.full)]
MIGRATION = f"""
from alembic import op

revision, down_revision = "9999", "{{down}}"


def upgrade():
    print("{NAME}")
    op.execute("UPDATE companies SET industry = '{NAME}'")
"""  # noqa: S608  as owners do
ROUTES = f"""
import logging


@app.get("/print")
async def say() -> None:
    print("{NAME}")
    logging.getLogger("app.owner").warning("logged {NAME}")
"""


@pytest.fixture(scope="module", params=each(VARIANTS))
def project(
    request: pytest.FixtureRequest,
    developed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Return a project in a directory that has such a name."""
    return Copy.of(developed(request.param), tmp_path_factory.mktemp(NAME))


@pytest.fixture(scope="module")
def url(project: Project) -> Iterator[str]:
    """Yield the DATABASE_URL of a migrated database, for an owner who has such a name."""
    with migrated_database(project, project.path) as url:
        yield url


@pytest.fixture(params=ENCODINGS)
def env(request: pytest.FixtureRequest, url: str) -> dict[str, str]:
    """Return an environment whose files have few characters."""
    return {"DATABASE_URL": url, "PYTHONUTF8": "0", "PYTHONIOENCODING": request.param}


def run(project: Project, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the project's Python to the end."""
    return subprocess.run(
        [project.python, *arguments],
        cwd=project.path,
        env=environment(**env),
        capture_output=True,
        check=False,
        timeout=60,
    )


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what it printed, in which every character is one that all encodings have."""
    text = (done.stdout + done.stderr).decode("ascii")
    assert "UnicodeEncodeError" not in text, text
    return text


def test_doctor_shows_its_settings_and_the_sentence_of_the_database(
    project: Project, env: dict[str, str]
) -> None:
    folder = {"DB_SSL_ROOT_CERT": str(project.path)}
    assert ESCAPED in said(run(project, "-m", "app", "doctor", **env, **folder))
    shown = said(run(project, "-m", "app", "doctor", **env, DB_APPLICATION_NAME=NAME))
    assert ESCAPED in shown
    assert "All is well." in shown
    missing = env | {"DATABASE_URL": f"{env['DATABASE_URL'].partition('?')[0]}{NAME}"}
    done = run(project, "-m", "app", "doctor", **missing)
    assert done.returncode == 1
    assert "has no database" in said(done)
    assert ESCAPED in said(done)


def test_arguments_are_repeated(project: Project, env: dict[str, str]) -> None:
    done = run(project, "-m", "app", NAME, **env)
    assert done.returncode == 2
    # Click takes ASCII for a mistake, and writes UTF-8.
    assert re.search(f"{NAME}|{re.escape(ESCAPED)}", (done.stdout + done.stderr).decode())


def test_scripts_and_alembic(project: Project, env: dict[str, str], tmp_path: Path) -> None:
    for script in ("seed_database", "create_test_data"):
        done = run(project, "-m", f"scripts.{script}", **env)
        assert done.returncode == 0, said(done)
    mine = Copy.of(project, tmp_path)
    versions = mine.path / "migrations" / "versions"
    down = run(project, "-m", "alembic", "heads", **env).stdout.decode().split()[0]
    (versions / "9999_name.py").write_text(MIGRATION.format(down=down), encoding="utf-8")
    alembic = ("-m", "alembic", "upgrade", f"{down}:9999")
    sql = run(mine, *alembic, "--sql", **env)
    assert sql.returncode == 0, said(sql)
    assert f"SET industry = '{NAME}'" in sql.stdout.decode("utf-8")
    done = run(mine, "-m", "alembic", "upgrade", "9999", **env)
    assert done.returncode == 0, said(done)
    assert ESCAPED in said(done)
    assert run(mine, "-m", "alembic", "stamp", "--purge", down, **env).returncode == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_service_prints_and_logs(
    project: Project, url: str, tmp_path: Path, encoding: str
) -> None:
    if not (project.path / "app" / "kit" / "http").exists():
        pytest.skip("this one is a worker")
    mine = Copy.of(project, tmp_path)
    main = mine.path / "app" / "main.py"
    main.write_text(main.read_text(encoding="utf-8") + ROUTES, encoding="utf-8")
    env = {"DATABASE_URL": url, "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    with serving(mine, tmp_path / "log", **env) as service:
        assert httpx2.get(f"{service.url}/print").status_code == 200
        log = service.stop()
    assert f"\n{ESCAPED}" in log
    assert f"logged {ESCAPED}" in log


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_try_py_and_the_questions_repeat_what_they_were_given(
    tmp_path: Path, encoding: str
) -> None:
    env = environment(PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    commands: list[list[str | Path]] = [
        [TEMPLATE / "try.py", "--output", tmp_path / NAME, "--driver", NAME],
        ["-m", "cookiecutter", "--no-input", "-o", tmp_path, TEMPLATE, f"project_slug={NAME}"],
    ]
    for command in commands:
        done = subprocess.run(
            [sys.executable, *command], env=env, capture_output=True, check=False, timeout=60
        )
        assert done.returncode
        assert ESCAPED in said(done)
