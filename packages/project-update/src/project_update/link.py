"""Links of projects that plain cookiecutter made: their answers are found by their files.

Cookiecutter leaves no record of the answers. So each choice is rendered, and the one counts whose
files are most like the project's.
"""

import shutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .answers import public
from .project import Project
from .refusal import Refusal
from .render import Render, render
from .template import Template, Version

_LEAST = 0.5
"""The part of a render's files that a project of it must have unchanged."""


def version_of(project: Project, template: Template, url: str, given: str) -> Version:
    """Return the version that a project was made from: the one it names, or the `given` one."""
    if given:
        return template.version(given)
    name = project.version
    if not name:
        raise Refusal(
            "The project names no version of its template (TEMPLATE_VERSION in "
            "app/kit/__init__.py): add --made-from with the commit that it was made from."
        )
    if not template.commit_of(f"refs/tags/v{name}"):
        raise Refusal(
            f"The project names version {name}, and {url} has no tag v{name}: add --made-from with "
            "the commit that it was made from."
        )
    return template.version(f"refs/tags/v{name}")


def find_answers(project: Project, version: Version, workshop: Path) -> dict[str, str]:
    """Return the answers that the project was made with; raises Refusal if it is not of it."""
    questions = version.questions
    files = _contents(project.folder, project.git.names("ls-files"))
    answers = _texts(project.folder)
    choices = {name: questions[name] for name in public(questions)}
    choices = {name: values for name, values in choices.items() if isinstance(values, list)}
    answers |= {name: values[0] for name, values in choices.items()}
    best = 0.0
    # In the order of the questions: a later one may depend on an earlier one.
    for name, values in choices.items():
        others = values if not best else [it for it in values if it != answers[name]]
        trials = [{**answers, name: value} for value in others]
        for trial, likeness in zip(
            trials, _likeness(version, trials, files, workshop), strict=True
        ):
            if likeness > best:
                answers, best = trial, likeness
    if best < _LEAST:
        raise Refusal(
            f"The project has little in common with the template at {version.commit}: add "
            "--made-from with the commit that it was made from."
        )
    return answers


def _likeness(
    version: Version, trials: list[dict[str, str]], files: dict[str, bytes], workshop: Path
) -> Iterator[float]:
    """Yield which part of a render's files the project has, for each; the rest is its own."""
    folder = workshop / "trials"
    renders = [
        Render(str(version.folder), answers, str(folder / str(number)), must_be=False)
        for number, answers in enumerate(trials)
    ]
    render(renders)
    for it in renders:
        rendered = _contents(it.project, _names(it.project)) if it.is_made else {}
        same = sum(files.get(name) == content for name, content in rendered.items())
        yield same / len(rendered) if rendered else 0
    shutil.rmtree(folder, ignore_errors=True)


def _names(folder: Path) -> list[str]:
    return [it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file()]


def _contents(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    # Windows may have other line ends.
    return {
        name: (folder / name).read_bytes().replace(b"\r\n", b"\n")
        for name in names
        if (folder / name).is_file()
    }


def _texts(folder: Path) -> dict[str, str]:
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        project: dict[str, Any] = tomllib.loads(text)["project"]
        first = (folder / "README.md").read_text(encoding="utf-8").splitlines()[0]
        return {
            "project_name": first.removeprefix("# "),
            "project_slug": project["name"].replace("-", "_"),
            "description": project["description"],
            "author_name": project["authors"][0]["name"],
        }
    except (OSError, LookupError, tomllib.TOMLDecodeError) as error:
        raise Refusal(
            f"README.md and pyproject.toml do not say what {folder} is called ({error!r}): run "
            "cruft link there instead."
        ) from error
