"""Revisions that Alembic writes, and what is said of two heads and of a file that is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    "both": (
        *("alembic revision --autogenerate -m x", "alembic upgrade head --sql"),
        "python -m app doctor",
    ),
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
    with (
        at_hand(plain, tmp_path) as run,
        revision(plain, "one", up="pass"),
        revision(plain, "two", up="pass"),
    ):
        target = {"none": "template_companies", "one": "one", "both": "heads"}[applied]
        assert run(f"alembic upgrade {target}")[0] == 0
        for command in SAID_WITH_TWO_HEADS[applied]:
            code, said = run(command)
            assert code != 0, command
            assert "one, two" in said.splitlines()[-1]
            assert commands_in(said) == MERGE, command
        for words in commands_in(said):
            code, said = run(" ".join(words))
            assert code == 0, said


@contextmanager
def at_hand(plain: Project, directory: Path) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Yield what runs a command on a database of its own; remove the migrations added meanwhile."""
    here = {"DATABASE_URL": f"sqlite:///{(directory / 'service.db').as_posix()}"}
    versions = plain.path / "migrations" / "versions"
    known = set(versions.iterdir())

    def run(command: str) -> tuple[int, str]:
        words = command.removeprefix("python -m ").split()
        done = plain.run(plain.python, "-m", *words, **here)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        return done.returncode, said

    try:
        yield run
    finally:
        for path in set(versions.glob("*.py")) - known:
            path.unlink()


@without_ruff
def test_a_migration_that_an_update_added_is_put_behind_the_owner_s(
    plain: Project, tmp_path: Path
) -> None:
    """What plain cruft leaves to do; behind a merge, `alembic downgrade -1` would know no way."""
    with (
        at_hand(plain, tmp_path) as run,
        revision(plain, "ours", up="pass"),
        revision(plain, "template_new", up="pass"),
    ):
        assert run("alembic upgrade ours")[0] == 0
        for command in ("alembic upgrade head", "python -m app doctor"):
            code, said = run(command)
            assert code != 0, command
            assert "if template_new is new, make 'ours' its down_revision" in said, said
        name = "migrations/versions/template_new.py"
        plain.replace(name, 'down_revision = "template_companies"', "down_revision = 'ours'")
        for command in (
            *("alembic upgrade head", "alembic check", "python -m app doctor"),
            *("alembic downgrade -1", "alembic downgrade -1", "alembic upgrade head"),
        ):
            code, said = run(command)
            assert code == 0, said


@without_ruff
def test_what_a_deleted_migration_leaves_is_said(plain: Project, tmp_path: Path) -> None:
    """Of the database, which has it, and of the migration that follows it."""
    with at_hand(plain, tmp_path) as run:
        with revision(plain, "template_old", up="pass"):
            assert run("alembic upgrade head")[0] == 0
        code, said = run("python -m app doctor")
        assert code != 0
        assert "The database is at revision template_old, which no file in " in said
        with revision(plain, "ours", up="pass", after="template_old"):
            for command in (
                *("alembic upgrade head", "alembic check", "alembic current"),
                *("alembic downgrade -1", "alembic revision --autogenerate -m x"),
                *("python -m app", "python -m app dev", "python -m app doctor"),
            ):
                code, said = run(command)
                assert code != 0, command
                assert "A migration follows revision 'template_old', which no file " in said, said


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
