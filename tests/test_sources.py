"""The template's sources can be read, linted and compiled as they are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from support.bake import ANSWERS, TEMPLATE, choices

SOURCES = [
    path
    for folder in (
        "{{cookiecutter.project_slug}}",
        "templates",
        "hooks",
        "tests",
        "benchmarks",
        "packages",
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
        if {"templates", "{{cookiecutter.project_slug}}", "kit"} & {*path.parts}:
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path


def test_names_of_the_project_say_what_they_name() -> None:
    vague = {"browsers", "garbage", "it", "silence", "told"}
    for path in SOURCES:
        if {"templates", "{{cookiecutter.project_slug}}", "kit"} & {*path.parts}:
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


def test_each_included_file_is_there_for_every_choice() -> None:
    included = re.compile(r'# \{% include "(\w+/(?:\w+_)?)" ~ cookiecutter\.(\w+) ~ "([^"]*)" %\}')
    frameworks = ANSWERS["_frameworks"].values()
    values = {
        "__database": {row["database"] for row in ANSWERS["_drivers"].values()},
        "__schemas": {row["schemas"] for row in frameworks} - {""},
        "license": choices("license")[:-1],
    }
    found = 0
    for path in (TEMPLATE / "{{cookiecutter.project_slug}}").rglob("*"):
        # A file with a conditional name need not be there for all; to bake it is its test.
        web = path.name.startswith("{{cookiecutter.__web and ")
        unconditional = path.is_file() and (web or "{{" not in path.name)
        text = path.read_text(encoding="utf-8") if unconditional else ""
        for folder, name, rest in included.findall(text):
            found += 1
            for value in values.get(name) or choices(name):
                if web and value == "none":
                    continue
                source = TEMPLATE / "templates" / f"{folder}{value}{rest}"
                # A file of the project whose name is conditional is one that some ask for.
                optional = name == "framework" and path.name.startswith("{{") and not web
                wanted = not optional or source.name in ANSWERS["_frameworks"][value]["files"]
                assert source.is_file() == wanted, (path, value)
    assert found > 10


def test_every_variant_has_its_row_and_its_label() -> None:
    assert ANSWERS["_drivers"].keys() == set(choices("driver"))
    assert ANSWERS["_frameworks"].keys() == set(choices("framework"))
    assert ANSWERS["_python_versions"] == choices("python_version")
    for name, prompt in ANSWERS["__prompts__"].items():
        if isinstance(ANSWERS[name], list):
            assert prompt.keys() == {"__prompt__", *choices(name)}
    assert ANSWERS["__prompts__"].keys() == {name for name in ANSWERS if name[0] != "_"}


def test_ci_runs_the_readme_s_test_command() -> None:
    command = "python3 try.py test"
    assert command in (TEMPLATE / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (TEMPLATE / "README.md").read_text(encoding="utf-8")
