"""An update: both versions are rendered, and what is different between them is merged."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import answers, link, migrations
from .data import left_behind
from .findings import new_settings
from .merge import Outcome, merge
from .project import Project
from .refusal import Refusal
from .render import Render, render
from .template import Version, cloned, full_url
from .upgrading import advice


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    words: list[str]
    """Answers to change, NAME=VALUE."""
    template: str = ""
    """The template's address, for a project that is not linked to it."""
    made_from: str = ""
    """The commit that such a project was made from, if it names no version."""
    checkout: str = ""
    """The version to update to; the newest commit without."""


@dataclass
class Report:
    """What an update has done."""

    title: str
    nothing_to_do: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    placing: migrations.Placing = field(default_factory=lambda: migrations.Placing([], [], []))
    linked: dict[str, str] = field(default_factory=dict)
    """The answers that were found in a project which had no record of them."""
    lost: list[str] = field(default_factory=list)
    """Answers that the template does not ask for any more."""
    settings: list[str] = field(default_factory=list)
    """Settings that `.env.example` names now."""
    example_before: str = ""
    """What the template's `.env.example` was."""
    left_behind: list[str] = field(default_factory=list)
    """What becomes of data."""
    advice: str = ""
    """What UPGRADING.md says of the versions between."""


def update(project: Project, wish: Wish, workshop: Path) -> Report:
    """Update a project; raises Refusal, and changes nothing, if that can't be done."""
    project.ensure_clean()
    record = project.record
    url, directory = _source(project, record, wish)
    template = cloned(url, workshop, directory=directory)
    linked: dict[str, str] = {}
    if record is None:
        old = link.version_of(project, template, url, wish.made_from)
        linked = link.find_answers(project, old, workshop)
        recorded: dict[str, Any] = linked
        record = {"template": url, "commit": old.commit, "checkout": None, "context": {}}
        record["directory"] = None
    else:
        old = template.version(record["commit"])
        recorded = record["context"]["cookiecutter"]
    new = template.version(wish.checkout or "HEAD")
    before = {name: str(recorded[name]) for name in answers.public(recorded)}
    changes = answers.parse(wish.words, new.questions)
    after = answers.carried_over(before, changes, new.questions)
    report = Report(_title(old, new, changes), linked=linked)
    report.lost = answers.lost(before, new.questions)
    if (new.commit, after) == (old.commit, before) and not linked:
        report.nothing_to_do = True
        return report
    renders = [
        Render(str(version.folder), given, str(workshop / side))
        for side, version, given in (("old", old, before), ("new", new, after))
    ]
    render(renders)
    _merge_renders(project, record, [it.project for it in renders], workshop, report)
    was, context = (it.context for it in renders)
    report.left_behind = [*left_behind(was["cookiecutter"], context["cookiecutter"])]
    report.advice = advice(old.text("UPGRADING.md"), new.text("UPGRADING.md"))
    context["cookiecutter"] |= {"_template": record["template"], "_commit": new.commit}
    record |= {"commit": new.commit, "checkout": wish.checkout or None, "context": context}
    project.write(record)
    return report


def _source(project: Project, record: dict[str, Any] | None, wish: Wish) -> tuple[str, str]:
    if record:
        return full_url(wish.template or record["template"]), record.get("directory") or ""
    if (project.folder / ".copier-answers.yml").is_file():
        raise Refusal(
            f"{project.folder} is a project of copier's (.copier-answers.yml): run copier update, "
            "or move it to cruft first, as docs/copier.md of the template says."
        )
    if not wish.template:
        raise Refusal(
            f"{project.folder} has no .cruft.json, which names its template: add --template with "
            "the address of the template's repository."
        )
    return full_url(wish.template), ""


def _title(old: Version, new: Version, changes: dict[str, str]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in changes.items())
    commits = f"{old.commit[:12]} to {new.commit[:12]}" if old != new else f"at {new.commit[:12]}"
    return f"Update from the template, {commits}{f', with {given}' if given else ''}"


def _merge_renders(
    project: Project, record: dict[str, Any], sides: list[Path], workshop: Path, report: Report
) -> None:
    old, new = sides
    example = old / ".env.example"
    report.example_before = example.read_text(encoding="utf-8") if example.is_file() else ""
    report.placing = migrations.place(project.folder, old, new)
    for side in sides:
        for pattern in project.skipped(record):
            for path in list(side.glob(pattern)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    names = [
        {it.relative_to(side).as_posix() for it in side.rglob("*") if it.is_file()}
        for side in sides
    ]
    project.ensure_room(names[1] - names[0])
    report.outcome = merge(project, old, new, workshop, title=report.title)
    report.settings = new_settings(project.folder, before=report.example_before)
