"""Later versions of the template, and projects that get them with their owners' edits."""

from __future__ import annotations

from pathlib import Path

from support.bake import PROJECT
from support.repositories import commit, succeed

NOTE = "\n# Ours: we sell to companies only.\n"


def files(project: Path) -> dict[str, str]:
    """Return the contents of a project's files but cruft's and copier's own, by their names."""
    return {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(project.rglob("*"))
        if path.is_file()
        and ".git" not in path.parts
        and path.name not in {".cruft.json", ".copier-answers.yml"}
    }


def directories(project: Path) -> set[str]:
    """Return the names of a project's directories but git's own, empty ones too."""
    return {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_dir() and ".git" not in path.parts
    }


def assert_merged_clean(project: Path) -> None:
    """Check what cruft does not: it calls an update with conflicts a success, too."""
    assert not list(project.rglob("*.rej"))
    assert not succeed(project, "git", "ls-files", "--unmerged")


def change_template(template: Path) -> None:
    """Add a commit that changes a file for everyone, and one for one driver only."""
    for path in (
        f"{PROJECT}/app/kit/pages.py",
        "templates/drivers/asyncpg/driver.py",
    ):
        with (template / path).open("a", encoding="utf-8", newline="\n") as file:
            file.write("\n# A later version of the template.\n")
    commit(template, "A later version")


def edit(project: Path) -> None:
    """Make the edits of a project's owner, and commit them."""
    path = project / "app" / "companies" / "queries.py"
    path.write_text(path.read_text(encoding="utf-8") + NOTE, encoding="utf-8", newline="\n")
    (project / "app" / "invoices.py").write_text('"""Ours."""\n', encoding="utf-8")
    commit(project, "Our edits")


def with_edits(fresh: dict[str, str]) -> dict[str, str]:
    """Return the files of a fresh project, with the same edits."""
    companies = fresh["app/companies/queries.py"] + NOTE
    return fresh | {"app/companies/queries.py": companies, "app/invoices.py": '"""Ours."""\n'}
