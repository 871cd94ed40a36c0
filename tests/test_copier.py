"""Copier renders the same projects as cookiecutter, and updates them; the second way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
from jinja2 import Environment
from plumbum import local
from slugify import slugify
from support.bake import ANSWERS, PROJECT, TEMPLATE, bake, choices, compiling_once, render
from support.combinations import combinations
from support.hook import hook
from support.projects import AWKWARD
from support.repositories import commit, copy_template, run, succeed
from support.updates import (
    NOTE,
    assert_merged_clean,
    change_template,
    directories,
    edit,
    files,
    with_edits,
)

from copier_context import Ask, complete

ASKED = [name for name in ANSWERS if not name.startswith("_")]
SETTINGS: dict[str, Any] = yaml.safe_load((TEMPLATE / "copier.yml").read_text(encoding="utf-8"))
PARTS = ("cookiecutter.json", "copier.yml", "copier_context.py", "hooks", "templates", PROJECT)
LATER = "# A later version of the template."


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what is rendered, without a history, which copier would clone."""
    directory = tmp_path_factory.mktemp("sources")
    for name in PARTS:
        copy = shutil.copytree if (TEMPLATE / name).is_dir() else shutil.copy
        copy(TEMPLATE / name, directory / name)
    return directory


def in_this_process(sources: Path, project: Path, **answers: str) -> Path:
    """Render a project with copier, and return it."""
    # Without git, which it would ask about the mode of each file.
    with local.env(PATH=""), compiling_once():
        run_copy(str(sources), project, answers, defaults=True, quiet=True, unsafe=True)
    return project


def is_plain(combination: dict[str, str]) -> bool:
    """Tell whether one answer at most is not the first, and none that only fills in a word."""
    other = [name for name, value in combination.items() if value != choices(name)[0]]
    return len(other) < 2 and not {"license", "python_version", "windows_event_loop"} & {*other}


@pytest.mark.parametrize(
    "answers",
    [
        *(
            pytest.param(it, id="-".join(it.values()), marks=[] if is_plain(it) else full)
            for full in [pytest.mark.full]
            for it in combinations()
        ),
        pytest.param(AWKWARD, id="awkward"),
    ],
)
def test_both_renderers_agree(sources: Path, tmp_path: Path, answers: dict[str, str]) -> None:
    fresh = bake(tmp_path / "fresh", **answers)
    project = in_this_process(sources, tmp_path / "project", **answers)
    assert files(project) == files(fresh)
    assert directories(project) == directories(fresh)
    assert files_of_both(project) - files_of_both(fresh) == {".copier-answers.yml"}


def files_of_both(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


def test_what_is_asked_is_what_cookiecutter_asks() -> None:
    assert [name for name in SETTINGS if not name.startswith("_")] == ASKED
    shown = {**SETTINGS["_envops"]}
    assert shown.pop("undefined") == "jinja2.StrictUndefined"
    assert shown == ANSWERS["_jinja2_env_vars"]
    for name in ASKED:
        assert ("choices" in SETTINGS[name]) == isinstance(ANSWERS[name], list), name


@pytest.mark.parametrize(
    "name", ["Company Directory", "Café Zürich", "D'Arcy's shop, no. 7!", "  a--b ", "x " * 30]
)
def test_the_slug_that_is_proposed_is_cookiecutter_s(name: str) -> None:
    proposed = complete(("project_name", name))["project_slug"]
    assert proposed == slugify(name, separator="_", max_length=40)


def answers_of(project: Path) -> dict[str, str]:
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, str] = yaml.safe_load(text)
    return answers


REFUSED: list[dict[str, str]] = [
    {"project_slug": "My-Shop"},
    {"project_slug": "../shop"},
    {"project_slug": "sqlalchemy"},
    {"project_slug": "pg_shop"},
    {"project_name": " Shop"},
    {"description": "My {{ shop"},
    {"author_name": "x" * 201},
    {"framework": "sanic", "server": "granian"},
    {"framework": "none", "telemetry": "opentelemetry"},
    {"driver": "psycopg", "windows_event_loop": "native"},
]


@pytest.mark.parametrize("given", REFUSED, ids=lambda given: "-".join(given.values())[:30])
def test_what_is_refused_and_how_is_the_same(
    sources: Path, tmp_path: Path, given: dict[str, str]
) -> None:
    defaults = {name: choices(name)[0] for name in ASKED if isinstance(ANSWERS[name], list)}
    texts = {"project_name": "Shop", "project_slug": "shop", "description": "S", "author_name": "S"}
    sentences = list(hook.problems(ANSWERS | defaults | texts | given))
    assert sentences
    with pytest.raises(ValueError, match="Validation error") as refused:
        in_this_process(sources, tmp_path / "project", **texts | given)
    assert " ".join(sentences) in str(refused.value)
    assert not (tmp_path / "project").exists()


# What follows is typed, in local histories with tags.


def copier(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(directory, sys.executable, "-m", "copier", *arguments)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a repository of the template, whose only version is 1.0.0."""
    template = copy_template(tmp_path / "template")
    succeed(template, "git", "tag", "v1.0.0")
    return template


def create(template: Path, project: Path, *options: str, **answers: str) -> Path:
    """Create a project with copier, and commit it."""
    data = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
    command = ("copy", "--trust", "--defaults", *options, *data, str(template), str(project))
    done = copier(project.parent, *command)
    assert done.returncode == 0, done.stderr
    assert f"Your project is in {project}. Run there:\n    uv sync\n" in done.stderr
    succeed(project, "git", "init", "--quiet", "--initial-branch=main")
    commit(project, "Created")
    return project


def update(project: Path, **answers: str) -> None:
    """Update a project with copier, to the newest tag."""
    data = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
    done = copier(project, "update", "--trust", "--defaults", *data)
    assert done.returncode == 0, done.stderr
    assert_merged_clean(project)


def test_a_later_version_and_other_answers_are_updates(template: Path, tmp_path: Path) -> None:
    project = create(template, tmp_path / "project")
    assert files(project) == files(bake(tmp_path / "baked"))
    edit(project)
    change_template(template)
    succeed(template, "git", "tag", "v1.1.0")
    update(project)
    assert LATER in files(project)["app/kit/pages.py"]
    assert LATER in files(project)["app/kit/db/driver.py"]
    assert answers_of(project)["_commit"] == "v1.1.0"
    assert NOTE in files(project)["app/companies/queries.py"]
    commit(project, "The later version")

    others = {"driver": "aiosqlite", "framework": "none", "jobs": "yes"}
    update(project, **others)
    fresh = render(template, tmp_path / "fresh", others)
    assert files(project) == with_edits(files(fresh))
    assert directories(project) == directories(fresh)


def test_what_comes_next_is_said_as_after_cookiecutter() -> None:
    spoken = (TEMPLATE / "hooks" / "post_gen_project.py").read_text(encoding="utf-8")
    first, *commands = SETTINGS["_message_after_copy"].splitlines()
    assert all(f'print("{command}")' in spoken for command in commands)
    assert f'print(f"{first[:19]}{{project}}. Run there{{database}}:")' in spoken
    needed = Ask(Environment(autoescape=True)).database(
        complete(("driver", "asyncmy"), ("local_database", "no"))
    )
    assert f'"{needed}" if NEEDS_DATABASE' in spoken


def test_without_trust_nothing_is_rendered(template: Path, tmp_path: Path) -> None:
    done = copier(tmp_path, "copy", "--defaults", str(template), str(tmp_path / "project"))
    assert done.returncode != 0
    assert "--trust" in done.stderr
    assert not (tmp_path / "project").exists()


def test_a_project_moves_from_cruft_to_copier_and_back(template: Path, tmp_path: Path) -> None:
    """As docs/copier.md says it: the other tool renders beside, and its one file is copied."""
    answers = {"driver": "psycopg", "project_name": "My shop"}
    cruft = (sys.executable, "-m", "cruft")
    made = ("create", str(template), "--no-input", "--default-config")
    change_template(template)  # to a commit without a tag, which cruft takes
    work = tmp_path / "work"
    work.mkdir()
    succeed(work, *cruft, *made, "--extra-context", json.dumps(answers))
    [project] = work.iterdir()
    succeed(project, "git", "init", "--quiet", "--initial-branch=main")
    commit(project, "Created")
    edit(project)

    # To copier.
    record = json.loads((project / ".cruft.json").read_text(encoding="utf-8"))
    at = ("--vcs-ref", record["commit"])
    beside = create(Path(record["template"]), tmp_path / "beside", *at, **answers)
    assert files(project) == with_edits(files(beside))
    shutil.copy(beside / ".copier-answers.yml", project)
    (project / ".cruft.json").unlink()
    commit(project, "To copier")
    change_template(template)
    succeed(template, "git", "tag", "v1.1.0")
    update(project)
    commit(project, "The later version")
    assert files(project) == with_edits(files(render(template, tmp_path / "fresh", answers)))
    assert files(project)["app/kit/pages.py"].count(LATER) == 2

    # And back.
    back = tmp_path / "back"
    back.mkdir()
    at = ("--checkout", answers_of(project)["_commit"])
    succeed(back, *cruft, *made, *at, "--extra-context", json.dumps(answers))
    [rendered] = back.iterdir()
    assert with_edits(files(rendered)) == files(project)
    shutil.copy(rendered / ".cruft.json", project)
    (project / ".copier-answers.yml").unlink()
    commit(project, "To cruft")
    change_template(template)
    succeed(template, "git", "tag", "v1.2.0")
    succeed(project, *cruft, "update", "--skip-apply-ask", "--checkout", "v1.2.0")
    assert_merged_clean(project)
    assert files(project)["app/kit/pages.py"].count(LATER) == 3
    assert NOTE in files(project)["app/companies/queries.py"]
