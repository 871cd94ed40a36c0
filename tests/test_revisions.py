"""Revisions that Alembic writes, and what it and the service say of two heads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.models.revisions import commands_in, revision
from support.projects import Project, each, install, new_directory

SQLITE = ("aiosqlite", "fastapi")

pytestmark = pytest.mark.projects

MERGE = [["alembic", "merge", "heads", "-m", "merge"], ["alembic", "upgrade", "head"]]
SAID_WITH_TWO_HEADS = {
    "none": ("alembic upgrade head", "python -m app", "python -m app dev"),
    "one": ("alembic revision --autogenerate -m x", "python -m app doctor"),
    "both": ("alembic revision --autogenerate -m x", "alembic upgrade head --sql"),
}


@pytest.fixture
def plain(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project without what only its developers need, such as Ruff."""
    return installed(request.param)


without_ruff = pytest.mark.parametrize("plain", each([SQLITE]), indirect=True)


@without_ruff
@pytest.mark.parametrize("applied", SAID_WITH_TWO_HEADS)
def test_the_advice_about_two_heads_works(plain: Project, tmp_path: Path, applied: str) -> None:
    """As after a merge of two branches; the database is where each of them left it."""
    here = {"DATABASE_URL": f"sqlite:///{(tmp_path / 'service.db').as_posix()}"}
    versions = plain.path / "migrations" / "versions"
    known = set(versions.iterdir())

    def run(command: str) -> tuple[int, str]:
        words = command.removeprefix("python -m ").split()
        done = plain.run(plain.python, "-m", *words, **here)
        return done.returncode, done.stdout + done.stderr

    try:
        with revision(plain, "one", up="pass"), revision(plain, "two", up="pass"):
            target = {"none": "0001", "one": "one", "both": "heads"}[applied]
            assert run(f"alembic upgrade {target}")[0] == 0
            for command in SAID_WITH_TWO_HEADS[applied]:
                code, said = run(command)
                assert code != 0, command
                assert "Traceback" not in said, said
                assert "one, two" in said.splitlines()[-1]
                assert commands_in(said) == MERGE, command
            for words in commands_in(said):
                code, said = run(" ".join(words))
                assert code == 0, said
    finally:
        for path in set(versions.glob("*.py")) - known:
            path.unlink()


@without_ruff
def test_a_revision_can_be_written_without_ruff(plain: Project) -> None:
    done = plain.run(plain.python, "-m", "alembic", "revision", "-m", "x")
    [path] = (plain.path / "migrations" / "versions").glob("*_x.py")
    path.unlink()
    assert done.returncode == 0, done.stderr
    assert "Ruff is not installed" in done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with Ruff, in a directory with a space in its name."""
    directory = new_directory(tmp_path_factory) / "with a space"
    return install(directory, "--no-default-groups", "--group=dev", driver="aiosqlite")


@pytest.mark.parametrize("message", ["add notes", 'a """, an " and an \' of C:\\users\\'])
@pytest.mark.xdist_group("revisions")
def test_a_good_revision_is_finished_and_makes_no_noise(project: Project, message: str) -> None:
    versions = project.path / "migrations" / "versions"
    known = set(versions.iterdir())
    said = project.succeed(project.python, "-m", "alembic", "revision", "-m", message)
    [path] = set(versions.glob("*.py")) - known
    try:
        assert len(said.splitlines()) == 3, said
        project.succeed(project.python, "-m", "ruff", "check", path)
        project.succeed(project.python, "-m", "ruff", "format", "--check", path)
    finally:
        path.unlink()


UNUSABLE = {
    "geo.create_index()": "F821 Undefined name `geo`",
    "geo create_index()": "invalid-syntax",
}


@pytest.mark.parametrize("line", UNUSABLE)
@pytest.mark.xdist_group("revisions")
def test_a_revision_that_can_not_be_run_fails_the_command(project: Project, line: str) -> None:
    """Such as what a template of the owner's writes, or a type that can't say what it is."""
    template = project.path / "migrations" / "script.py.mako"
    before = template.read_text(encoding="utf-8")
    template.write_text(before.replace('"pass"', repr(line)), encoding="utf-8")
    try:
        done = project.run(project.python, "-m", "alembic", "revision", "-m", "Unusable")
        [path] = (project.path / "migrations" / "versions").glob("*_unusable.py")
        path.unlink()
    finally:
        template.write_text(before, encoding="utf-8")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    # Nothing but what is wrong.
    assert {*re.findall(r": ([A-Z]+\d+ .*|invalid-syntax)", said)} == {UNUSABLE[line]}, said
    assert f"{path} can't be run as it is" in said
