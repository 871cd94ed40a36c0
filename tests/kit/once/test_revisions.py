"""The revisions that a start reads from the files are those that Alembic finds."""

from pathlib import Path

import pytest
from alembic.util import CommandError

from app.kit.db import migrations, revisions
from app.kit.db.migrations import ALEMBIC_INI, read_scripts
from app.kit.db.revisions import read_revisions

LAST = "template_companies"
USUAL = f'''"""A migration."""

revision = "next"
down_revision = "{LAST}"


def upgrade() -> None: ...
'''
READ = {
    "as it was rendered": "",
    "as Alembic writes it": USUAL,
    "with types and comments": USUAL.replace("revision =", "revision: str =").replace(
        f'"{LAST}"', f'"{LAST}"  # ours'
    ),
    "the first of another line": USUAL.replace(f'"{LAST}"', "None"),
    "a merge": USUAL.replace(f'"{LAST}"', f'("{LAST}",)'),
}
ASKED = {
    "over several lines": USUAL.replace(f'"{LAST}"', f'(\n    "{LAST}",\n)'),
    "another assignment in its text": USUAL.replace("A migration.", '\nrevision = "other"\n'),
    "computed": USUAL.replace(f'"{LAST}"', f'"".join(["{LAST}"])'),
    "in one assignment": f'revision, down_revision = "next", "{LAST}"\n',
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of migrations of a copy of the project's."""
    source = ALEMBIC_INI
    ini = tmp_path / source.name
    ini.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for path in (source.parent / "migrations" / "versions").glob("*.py"):
        (versions / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(revisions, "PROJECT", tmp_path)
    monkeypatch.setattr(migrations, "ALEMBIC_INI", ini)
    return versions


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_what_alembic_writes_is_read(place: Path, text: str) -> None:
    if text:
        (place / "next.py").write_text(text, encoding="utf-8")
    found = read_revisions()
    assert found == read_scripts()
    assert len(found) == len([*place.glob("*.py")])


@pytest.mark.parametrize("text", ASKED.values(), ids=ASKED)
def test_of_the_rest_alembic_is_asked(place: Path, text: str) -> None:
    (place / "next.py").write_text(text, encoding="utf-8")
    assert read_revisions() is None
    assert read_scripts()["next"] == {LAST}


def test_two_files_of_one_revision_are_left_to_alembic(place: Path) -> None:
    for name in ("one", "two"):
        (place / f"{name}.py").write_text(USUAL, encoding="utf-8")
    assert read_revisions() is None


@pytest.mark.parametrize("line", ["version_locations = %(here)s/others", "sourceless = true"])
def test_another_place_is_left_to_alembic(line: str) -> None:
    ini = revisions.PROJECT / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    assert read_revisions() is not None
    ini.write_text(text.replace("[alembic]\n", f"[alembic]\n{line}\n"), encoding="utf-8")
    assert read_revisions() is None


def test_a_file_that_is_missing_is_said(place: Path) -> None:
    (place / "next.py").write_text(USUAL.replace(LAST, "lost"), encoding="utf-8")
    assert read_revisions() is None
    with pytest.raises(CommandError, match="'lost'"):
        read_scripts()


def test_no_migrations_are_said(place: Path) -> None:
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    place.parent.rmdir()
    assert read_revisions() is None
    with pytest.raises(CommandError, match="belong"):
        read_scripts()
