"""Migrations that an answer adds or takes away, on a database that has the owner's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases.real import database_for
from support.projects import Copy, Project, Variant, each
from support.repositories import commit, copy_template, run, succeed

pytestmark = pytest.mark.projects

VARIANTS: list[Variant] = [
    (driver, "fastapi", "uvicorn", "yes") for driver in ("aiosqlite", "asyncpg", "asyncmy")
]
TESTS = ("-m", "pytest", "-q", "-p", "no:randomly", "tests/test_migrations.py")


@pytest.fixture(params=each(VARIANTS, usual=VARIANTS[:1]))
def environment(request: pytest.FixtureRequest, developed: Callable[..., Project]) -> Project:
    """Return a project that has all that the ones below need."""
    return developed(request.param)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a repository of the template as it is in this working tree."""
    return copy_template(tmp_path / "template")


@pytest.fixture
def database(environment: Project, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Yield the settings that name a database, and a server for tests."""
    with database_for(environment.driver, tmp_path) as url:
        yield {"DATABASE_URL": url}


class Owned:
    """A project with a migration of its owner's, applied."""

    def __init__(
        self, environment: Project, template: Path, database: dict[str, str], **answers: str
    ) -> None:
        """Create it with cruft beside the template."""
        output = template.parent / "work"
        output.mkdir()
        given = json.dumps({"driver": environment.driver, **answers})
        options = ("--no-input", "--default-config", "--extra-context", given)
        succeed(output, sys.executable, "-m", "cruft", "create", str(template), *options)
        [self.path] = output.iterdir()
        self.project = Copy(self.path, environment.driver, environment)
        self.database = database
        succeed(self.path, "git", "init", "--quiet", "--initial-branch=main")
        self.succeed("alembic upgrade head")
        self.succeed("alembic revision -m ours")
        self.succeed("alembic upgrade head")
        commit(self.path, "Ours")

    def run(self, command: str) -> tuple[int, str]:
        """Run a command with the project's Python: its exit code, and what it prints."""
        words = command.removeprefix("python -m ").split()
        done = self.project.run(self.project.python, "-m", *words, **self.database)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    def succeed(self, command: str) -> None:
        """Run a command that must succeed."""
        code, said = self.run(command)
        assert code == 0, (command, said)

    def update(self, word: str) -> None:
        """Change an answer with the template's tool, and commit that."""
        succeed(self.path, sys.executable, "-m", "project_update", word)
        commit(self.path, word)

    def cruft_update(self, **answers: str) -> None:
        """Change answers with cruft alone."""
        options = ("--skip-apply-ask", "--variables-to-update", json.dumps(answers))
        succeed(self.path, sys.executable, "-m", "cruft", "update", *options)

    def works(self) -> None:
        """Check that each documented command does what it does in a project without updates."""
        for command in (
            *("alembic upgrade head", "alembic check", "python -m app doctor"),
            *("alembic downgrade -1", "alembic upgrade head", "alembic upgrade heads"),
        ):
            self.succeed(command)
        done = self.project.run(self.project.python, *TESTS, **self.database)
        assert done.returncode == 0, done.stdout
        code, said = self.run("alembic heads")
        assert code == 0
        assert said.count("(head)") == 1, said


@pytest.mark.full  # some twenty updates; the tests above are of one each
def test_answers_that_come_and_go_leave_one_line_and_lose_nothing(
    environment: Project, template: Path, database: dict[str, str]
) -> None:
    owned = Owned(environment, template, database)
    versions = owned.path / "migrations" / "versions"
    written = 0
    for word in ("jobs=yes", "jobs=no", "jobs=yes", "example=none", "example=companies"):
        before = {path.name for path in versions.glob("*.py")}
        owned.update(word)
        assert before <= {path.name for path in versions.glob("*.py")}
        owned.succeed("alembic upgrade head")
        code, said = owned.run("alembic check")
        if code:
            assert "New upgrade operations detected" in said
            written += 1
            owned.succeed(f"alembic revision --autogenerate -m update{written}")
            commit(owned.path, "Written")
        owned.works()
    # All but the first, whose migration came with the answer.
    assert written == 4


def test_what_plain_cruft_adds_is_put_in_its_place_as_is_said(
    environment: Project, template: Path, database: dict[str, str]
) -> None:
    owned = Owned(environment, template, database)
    owned.cruft_update(jobs="yes")
    [ours] = (owned.path / "migrations" / "versions").glob("*_ours.py")
    revision = ours.read_text(encoding="utf-8").partition("revision = ")[2].split()[0].strip("\"'")
    sentence = f"if template_jobs is new, make '{revision}' its down_revision"
    assert sentence in owned.run("alembic upgrade head")[1]
    assert sentence in owned.run("python -m app doctor")[1]
    tests = owned.project.run(owned.project.python, *TESTS, **database)
    assert tests.returncode == 1
    assert sentence in tests.stdout
    name = "migrations/versions/template_jobs.py"
    owned.project.replace(name, '"template_companies"', f'"{revision}"')
    owned.works()


def test_what_plain_cruft_deletes_is_missed_and_brought_back(
    environment: Project, template: Path, database: dict[str, str]
) -> None:
    owned = Owned(environment, template, database, jobs="yes")
    owned.cruft_update(jobs="no")
    sentence = "A migration follows revision 'template_jobs', which no file in migrations/versions"
    for command in ("alembic upgrade head", "alembic check", "python -m app doctor"):
        code, said = owned.run(command)
        assert code != 0, command
        assert sentence in said
    tests = owned.project.run(owned.project.python, *TESTS, **database)
    assert tests.returncode == 1
    assert sentence in tests.stdout
    done = run(owned.path, sys.executable, "-m", "project_update", "--check")
    assert done.returncode == 1
    assert "A migration follows revision template_jobs, which no file has" in done.stderr
    name = "migrations/versions/template_jobs.py"
    succeed(owned.path, "git", "checkout", "HEAD", "--", name)
    owned.succeed("alembic upgrade head")
    owned.succeed("alembic revision --autogenerate -m drop")
    owned.works()
