"""The places of migrations, in folders with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_update.migrations import FOLDER, heads, missing, place, read

REVISION = '''"""A migration."""

revision = "{}"
down_revision = {}


def upgrade() -> None:
    {}
'''


def project(folder: Path, *, body: str = "run()", **revisions: object) -> Path:
    """Make a folder with migrations, of which each follows the one that is its value."""
    (folder / FOLDER).mkdir(parents=True)
    for name, follows in revisions.items():
        text = REVISION.format(name, repr(follows), body)
        (folder / FOLDER / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def follows(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return which revisions each one follows."""
    return {name: migration.follows for name, migration in read(folder / FOLDER).items()}


def test_those_that_are_added_form_a_line_behind_the_owner_s(tmp_path: Path) -> None:
    ours = project(tmp_path / "ours", first=None, a1=("first",), b2="a1")
    old = project(tmp_path / "old", first=None)
    new = project(tmp_path / "new", first=None, zero="first", jobs="zero")
    placing = place(ours, old, new)
    assert placing.added == ["zero.py", "jobs.py"]
    assert follows(new) == {"first": (), "zero": ("b2",), "jobs": ("zero",)}


def test_without_an_owner_s_nothing_is_changed(tmp_path: Path) -> None:
    ours, old = (project(tmp_path / name, first=None) for name in ("ours", "old"))
    new = project(tmp_path / "new", first=None, jobs="first")
    text = (new / FOLDER / "jobs.py").read_bytes()
    place(ours, old, new)
    assert (new / FOLDER / "jobs.py").read_bytes() == text


def test_none_is_deleted_or_added_twice(tmp_path: Path) -> None:
    ours = project(tmp_path / "ours", first=None, jobs="first", a1="jobs")
    old = project(tmp_path / "old", first=None, jobs="first")
    new = project(tmp_path / "new", first=None)
    assert place(ours, old, new).kept == ["jobs.py"]
    assert follows(new) == {"first": (), "jobs": ("first",)}
    again = project(tmp_path / "again", first=None, jobs="first")
    placing = place(ours, project(tmp_path / "without", first=None), again)
    assert (placing.known, placing.added) == (["jobs.py"], [])
    assert follows(again) == {"first": ()}


def test_an_empty_one_is_only_for_those_who_have_none(tmp_path: Path) -> None:
    old = project(tmp_path / "old", first=None)
    for name, ours in (
        ("some", project(tmp_path / "ours", first=None)),
        ("none", project(tmp_path / "nothing")),
    ):
        new = project(tmp_path / name, start=None, body='"""Nothing."""')
        assert place(ours, old, new).added == ([] if name == "some" else ["start.py"])


def test_several_heads_are_left_to_the_owner(tmp_path: Path) -> None:
    ours = project(tmp_path / "ours", first=None, a1="first", b2="first")
    new = project(tmp_path / "new", first=None, jobs="first")
    place(ours, project(tmp_path / "old", first=None), new)
    assert follows(new)["jobs"] == ("first",)


@pytest.mark.parametrize("unreadable", ["<<<<<<< ours\n", "revision = make()\n", "x = 1\n", "\0"])
def test_heads_and_gaps_are_found(tmp_path: Path, unreadable: str) -> None:
    folder = project(tmp_path / "it", first=None, a1="first", b2="first", c3="gone") / FOLDER
    (folder / "other.py").write_text(unreadable, encoding="utf-8")
    found = read(folder).values()
    assert heads(found) == ["a1", "b2", "c3"]
    assert missing(found) == ["gone"]


def test_types_of_revisions_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "it"
    folder.mkdir()
    text = "revision: str = 'a'\ndown_revision: str | None = 'b'\n"
    (folder / "a.py").write_text(text, encoding="utf-8")
    assert read(folder)["a"].follows == ("b",)


def test_one_that_is_there_keeps_its_place(tmp_path: Path) -> None:
    """In renders, it depends on the answers what stands before it."""
    old = project(tmp_path / "old", companies=None, jobs="companies")
    new = project(tmp_path / "new", start=None, jobs="start", body='"""Nothing."""')
    ours = project(tmp_path / "ours", companies=None, a1="companies", jobs="a1")
    assert place(ours, old, new).kept == ["companies.py"]
    assert follows(new) == {"companies": (), "jobs": ("companies",)}
