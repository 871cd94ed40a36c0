"""The template's sources can be read, linted and compiled as they are."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from support.bake import ANSWERS, PROJECT, TEMPLATE, WEB_FRAMEWORKS, choices

SOURCES = [
    path
    for folder in (
        PROJECT,
        "templates",
        "hooks",
        "tests",
        "benchmarks",
        "packages",
        "website",
        ".",
    )
    for path in sorted((TEMPLATE / folder).glob("*.py" if folder == "." else "**/*.py"))
]


def test_there_are_sources() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TEMPLATE)))
def test_each_is_valid_python(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"))


def test_those_of_the_project_are_small() -> None:
    for path in SOURCES:
        if {"templates", PROJECT, "kit"} & {*path.parts}:
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path


def test_names_of_the_project_say_what_they_name() -> None:
    vague = {"browsers", "garbage", "it", "silence", "told"}
    for path in SOURCES:
        if {"templates", PROJECT, "kit"} & {*path.parts}:
            with path.open(encoding="utf-8") as file:
                tokens = tokenize.generate_tokens(file.readline)
                names = {token.string for token in tokens if token.type == tokenize.NAME}
            assert not names & vague, path


@pytest.mark.parametrize("command", [["format", "--check"], ["check"]], ids=["format", "lint"])
def test_ruff_is_content_with_the_template(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
        cwd=TEMPLATE,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


INCLUDE = re.compile(r"# \{% include (.+) %\}")


def sources_of(text: str) -> set[str]:
    """Return which sources the includes of a file name, with * where an answer stands."""
    found = (clause.partition(" if ") for clause in INCLUDE.findall(text))
    named = (f"{one} {other.rpartition(' else ')[2]}" for one, _, other in found)
    return {glob for it in named for glob in globs(it)}


def globs(names: str) -> set[str]:
    """Return each name of a list of them in Jinja, with * for a variable in it."""
    texts = re.sub(r'" ~ [\w.\[\]]+(?: \| default\(""\))? ~ "', "*", names)
    return set(re.findall(r'"([^"]*)"', texts))


def test_a_source_has_the_name_of_its_render() -> None:
    stubs = {
        path: sources_of(text)
        for path in (TEMPLATE / PROJECT).rglob("*")
        if path.is_file() and INCLUDE.match(text := path.read_text(encoding="utf-8"))
    }
    for path, named in stubs.items():
        assert {Path(it).name for it in named} <= {path.name, "left_out.py"}, path
        assert named != {f"*/{path.name}"}, path
    templates = TEMPLATE / "templates"
    used = {it for named in stubs.values() for glob in named for it in templates.glob(glob)}
    sources = {
        path for path in templates.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path for path in sources - used if path.parent.name != "parts"} == set()


def test_no_source_is_a_stub() -> None:
    for path in (TEMPLATE / "templates").rglob("*.*"):
        if "__pycache__" in path.parts:
            continue
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [""]
        assert not all(INCLUDE.match(line) for line in lines), path
        for line in lines:
            for glob in sources_of(line):
                assert glob.startswith("parts/"), (path, line)


def test_what_only_some_projects_have_is_seldom_said_by_a_name() -> None:
    project = TEMPLATE / PROJECT
    assert len([path for path in project.rglob("*") if "{{" in path.name]) <= 40
    derived = [name for name in ANSWERS if name.startswith("__") and name != "__prompts__"]
    values = [len(it) if isinstance(it := ANSWERS[name], dict) else 1 for name in derived]
    assert sum(values) <= 15


def test_each_variant_has_the_sources_that_it_needs() -> None:
    """What is missing would be left out, and not be missed before the project starts."""
    folder = TEMPLATE / "templates"
    routes = ("companies/routes.py", "customers/routes.py")
    http = ("http/application.py", "http/error_handlers.py", "http/health.py")
    for framework in WEB_FRAMEWORKS:
        for name in ("main.py", "resources.py", *routes, *http):
            assert (folder / "frameworks" / framework / name).is_file(), (framework, name)
    for driver, row in ANSWERS["_drivers"].items():
        if row["port"]:
            assert (folder / "drivers" / driver / "connection.py").is_file(), driver
            assert (folder / "databases" / row["database"] / "url.py").is_file(), driver
    for server, row in ANSWERS["_servers"].items():
        its_own = [
            (folder / "servers" / server / f"{it}.py").is_file() for it in ("serve", "server")
        ]
        assert its_own == [server == "uvicorn", "base" in row], server


def test_every_variant_has_its_row_and_its_label() -> None:
    assert ANSWERS["_drivers"].keys() == set(choices("driver"))
    assert ANSWERS["_frameworks"].keys() == set(choices("framework"))
    workflow = TEMPLATE / PROJECT / ".github" / "workflows" / "ci.yml"
    assert json.dumps(choices("python_version")) in workflow.read_text(encoding="utf-8")
    for name, prompt in ANSWERS["__prompts__"].items():
        if isinstance(ANSWERS[name], list):
            assert prompt.keys() == {"__prompt__", *choices(name)}
    assert ANSWERS["__prompts__"].keys() == {name for name in ANSWERS if name[0] != "_"}


def test_ci_runs_the_readme_s_test_command() -> None:
    command = "python3 try.py test"
    assert command in (TEMPLATE / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (TEMPLATE / "README.md").read_text(encoding="utf-8")
