"""What is found in a project's files, and what UPGRADING.md says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from project_update.findings import findings, new_settings, of_settings
from project_update.upgrading import advice

MARKS = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> 1234567 (Update)\n"
EXAMPLE = "# A comment=no setting\n# APP_PORT=8000\n# OLD_NAME=1\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with files that are as they should be."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)  # noqa: S607
    (tmp_path / "README.md").write_text("Title\n=======\n\n<<<<<<<< no mark\n", encoding="utf-8")
    (tmp_path / ".gitignore").write_text(".env\nignored\n", encoding="utf-8")
    (tmp_path / "ignored").write_text(MARKS, encoding="utf-8")
    return tmp_path


def test_nothing_is_found_where_nothing_is(project: Path) -> None:
    assert list(findings(project)) == []


@pytest.mark.parametrize("is_tracked", [False, True])
def test_rejects_and_marks_are_found(project: Path, *, is_tracked: bool) -> None:
    (project / "ä b.py").write_text(MARKS, encoding="utf-8")
    (project / "main.py.rej").write_text("@@ -1 +1 @@\n", encoding="utf-8")
    if is_tracked:
        subprocess.run(["git", "add", "--all"], cwd=project, check=True)  # noqa: S607
    rejects, marks = findings(project)
    assert rejects.startswith("main.py.rej holds changes that did not fit")
    assert marks.startswith("ä b.py has conflict marks")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_settings_are_compared_with_what_they_were(project: Path, encoding: str) -> None:
    own = "export APP_PORT=1\nOLD_NAME=2\nMINE=3\n#APP_HOST=4\n"
    (project / ".env").write_text(own, encoding=encoding)
    now = EXAMPLE.replace("OLD_NAME", "NEW_NAME") + "TOKEN=\n"
    (project / ".env.example").write_text(now, encoding="utf-8")
    gone, missing = of_settings(project, before=EXAMPLE)
    assert gone.startswith(".env sets OLD_NAME, which .env.example has no more")
    assert missing.startswith(".env does not set TOKEN, which .env.example sets now")
    assert new_settings(project, before=EXAMPLE) == ["NEW_NAME", "TOKEN"]
    assert list(of_settings(project, before=now)) == []
    (project / ".env").unlink()
    assert list(of_settings(project, before=EXAMPLE)) == []


def test_the_advice_is_that_of_newer_versions() -> None:
    first = "# Upgrading\n\n<!--\n## To X.Y.Z\n-->\n\n## To 1.0.0\n\nNothing.\n"
    both = first.replace("## To 1", "## To 1.1.0\n\nMove it.\n\n## To 1")
    assert advice(first, both) == "## To 1.1.0\n\nMove it."
    assert advice("", first) == "## To 1.0.0\n\nNothing."
    assert advice(both, both) == advice(first, "") == ""
