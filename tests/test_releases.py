"""Versions: one number everywhere, and what released ones promised is kept."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.bake import TEMPLATE, bake
from support.hook import hook
from support.releases import RECORDS, VERSION, breaks, facts, read, record, sections, unexcused
from support.repositories import commit, copy_template, put_template, run, succeed

NOW = facts()
RELEASED = sorted(path.stem for path in RECORDS.glob("*.json"))


def test_the_version_is_the_same_everywhere(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    for path in (TEMPLATE / "pyproject.toml", *(TEMPLATE / "packages").glob("*/pyproject.toml")):
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        assert project["version"] == VERSION, path
    unreleased, newest, *_ = sections(read("CHANGELOG.md"))
    assert unreleased == "[Unreleased]"
    day = r"\d{4}-\d\d-\d\d" if VERSION in RELEASED else r"(\d{4}-\d\d-\d\d|not yet released)"
    assert re.fullmatch(rf"\[{re.escape(VERSION)}\] - {day}", newest)
    assert next(iter(sections(read("UPGRADING.md")))) == f"To {VERSION}"
    project_files = bake(tmp_path)
    kit = (project_files / "app" / "kit" / "__init__.py").read_text(encoding="utf-8")
    assert f'TEMPLATE_VERSION = "{VERSION}"\n' in kit
    assert f"version {VERSION}" in (project_files / "README.md").read_text(encoding="utf-8")


def test_every_version_is_in_both_documents() -> None:
    headings = "\n".join(sections(read("CHANGELOG.md")))
    changed = re.findall(r"^\[(\d.*)\] - ", headings, re.MULTILINE)
    assert changed == [name.removeprefix("To ") for name in sections(read("UPGRADING.md"))]
    assert {*RELEASED} <= {*changed}


def test_tagged_versions_are_recorded() -> None:
    tags = run(TEMPLATE, "git", "tag", "--list", "v*").stdout.split()
    assert {tag.removeprefix("v") for tag in tags} <= {*RELEASED}


def test_what_released_versions_promised_is_kept() -> None:
    for version in RELEASED:
        assert unexcused(record(version), NOW, read("UPGRADING.md")) == [], version


def test_every_break_is_found() -> None:
    then = copy.deepcopy(NOW)
    then["answers"] |= {"database": ["a", "b"], "example": [*NOW["answers"]["example"], "orders"]}
    then["lengths"]["description"] += 1
    then["reserved"].remove("sqlalchemy")
    answers, digests = next(iter(then["migrations"].items()))
    file = next(iter(digests))
    digests[file] = "another"
    then["migrations"]["driver=gone"] = {"0001_gone.py": "gone"}
    excusable = [
        *("example=orders", "database", "project_slug=sqlalchemy"),
        f"description of {hook.TEXT_LENGTHS['description']} characters",
    ]
    final = [
        f"{it} has changed: databases have run it as it was."
        for it in (f"{file} with {answers}", "0001_gone.py with driver=gone")
    ]
    assert sorted(breaks(then, NOW)) == sorted([*excusable, *final])
    quoted = "## To 2.0.0\n" + "".join(f"- `{it}`\n" for it in excusable)
    assert unexcused(then, NOW, quoted) == final
    assert list(breaks(NOW, NOW)) == []


def test_what_a_version_adds_breaks_nothing() -> None:
    now = copy.deepcopy(NOW)
    now["answers"] |= {"cache": ["no", "yes"], "driver": [*NOW["answers"]["driver"], "oracledb"]}
    now["lengths"]["description"] += 1
    for digests in now["migrations"].values():
        digests["0003_more.py"] = "new"
    assert list(breaks(NOW, now)) == []


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, str]:
    """Return a clone of this repository, and the tag of the first version in it.

    Without a tag in its history the last commit is the first version.
    """
    template = tmp_path / "template"
    succeed(tmp_path, "git", "clone", "--quiet", str(TEMPLATE), str(template))
    tags = succeed(template, "git", "tag", "--list", "v*", "--sort=v:refname").split()
    if not tags:
        succeed(template, "git", "tag", f"v{VERSION}")
    return template, (tags or [f"v{VERSION}"])[0]


def test_a_project_of_the_first_version_gets_the_next_one(
    history: tuple[Path, str], tmp_path: Path
) -> None:
    template, first = history
    work = tmp_path / "work"
    work.mkdir()
    cruft = (sys.executable, "-m", "cruft")
    create = ("create", str(template), "--no-input", "--default-config", "--checkout", first)
    succeed(work, *cruft, *create)
    [project] = work.iterdir()
    succeed(project, "git", "init", "--quiet", "--initial-branch=main")
    readme = project / "README.md"
    was = readme.read_text(encoding="utf-8")
    assert f"version {first.removeprefix('v')} of" in was
    readme.write_text(f"{was}\n## Ours\n", encoding="utf-8", newline="\n")
    commit(project, "Ours")

    # What is here, as the version after this one.
    succeed(template, "git", "rm", "-r", "--quiet", ".")
    put_template(template)
    answers = template / "cookiecutter.json"
    text = answers.read_text(encoding="utf-8").replace(f'"{VERSION}"', '"99.0.0"', 1)
    answers.write_text(text, encoding="utf-8", newline="\n")
    commit(template, "The next version")
    succeed(template, "git", "tag", "v99.0.0")

    succeed(project, *cruft, "update", "--skip-apply-ask", "--checkout", "v99.0.0")
    assert not list(project.rglob("*.rej"))
    assert not succeed(project, "git", "ls-files", "--unmerged")
    kit = (project / "app" / "kit" / "__init__.py").read_text(encoding="utf-8")
    assert 'TEMPLATE_VERSION = "99.0.0"' in kit
    merged = readme.read_text(encoding="utf-8")
    assert "version 99.0.0 of" in merged
    assert merged.endswith("\n## Ours\n")


def test_a_version_is_recorded_once_and_with_its_day(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")

    def record_it() -> subprocess.CompletedProcess[str]:
        program = template / "tests" / "record_release.py"
        return run(template, sys.executable, str(program), PYTHONPATH=str(template / "tests"))

    (template / "tests" / "releases" / f"{VERSION}.json").unlink(missing_ok=True)
    changelog = template / "CHANGELOG.md"
    text = re.sub(rf"(?m)^(## \[{re.escape(VERSION)}\] - ).*$", r"\1soon", read("CHANGELOG.md"))
    changelog.write_text(text, encoding="utf-8")
    refused = record_it()
    assert refused.returncode == 1
    assert "write the day" in refused.stderr
    changelog.write_text(text.replace("soon", "2026-12-24"), encoding="utf-8")
    done = record_it()
    assert done.returncode == 0, done.stderr
    assert (template / "tests" / "releases" / f"{VERSION}.json").is_file()
    assert "set the next `_version`" in record_it().stderr
