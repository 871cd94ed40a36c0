"""Every combination of answers renders to a project that is already finished."""

from __future__ import annotations

import ast
import filecmp
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
import yaml
from policy_header.command import main as check_policy_header
from support.bake import ANSWERS, TEMPLATE, bake, choices, render
from support.combinations import combinations, is_usual

ILLEGAL_ON_WINDOWS = re.compile(r'[<>:"|?*\\]|[. ]$')
FENCE = re.compile(rb"^```python\n.*?^```$", re.DOTALL | re.MULTILINE)
LEFTOVER = re.compile(r"\{\{|\{%|%\}|\{#|cookiecutter[._]")


def in_one_process(combination: dict[str, str]) -> object:
    """Return the parameter, whose tests share one bake."""
    name = "-".join(combination.values())
    full = [] if is_usual(combination) else [pytest.mark.full]
    return pytest.param(combination, id=name, marks=[pytest.mark.xdist_group(name), *full])


@pytest.fixture(scope="module", params=map(in_one_process, combinations()))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the rendered project of each combination."""
    return bake(tmp_path_factory.mktemp("bake"), **request.param)


def files(project: Path) -> list[Path]:
    """Return the files of a project."""
    return sorted(path for path in project.rglob("*") if path.is_file())


def test_nothing_is_left_unrendered(project: Path) -> None:
    for path in files(project):
        # What GitHub fills in is not ours.
        text = re.sub(r"\$\{\{[^}]*\}\}", "", path.read_text(encoding="utf-8"))
        found = LEFTOVER.search(text)
        assert not found, (path, found)
        # The hook has removed what the answers leave out.
        assert "Left out by the answers" not in text, path


def test_files_are_tidy(project: Path) -> None:
    for path in files(project):
        content = path.read_bytes()
        assert b"\r" not in content, path
        if path.name != "LICENSE":
            assert b"\n\n\n\n" not in content, path
            assert not content.startswith(b"\n"), path
            if path.suffix not in {".py", ".mako"}:
                # But for Python in documents.
                assert b"\n\n\n" not in FENCE.sub(b"Python.", content), path
        assert not content or (content.endswith(b"\n") and not content.endswith(b"\n\n")), path
        assert not re.search(rb"[ \t]\n", content), path


def test_names_are_legal_on_windows(project: Path) -> None:
    for path in project.rglob("*"):
        assert not ILLEGAL_ON_WINDOWS.search(path.name), path


def test_no_directory_is_empty(project: Path) -> None:
    for path in project.rglob("*"):
        assert path.is_file() or any(path.iterdir()), path
        assert not path.name.endswith(".left_out"), path


def test_files_parse(project: Path) -> None:
    parsers: dict[str, Callable[[str], object]] = {
        ".py": ast.parse,
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    parsed = 0
    for path in files(project):
        if parser := parsers.get(path.suffix):
            parser(path.read_text(encoding="utf-8"))
            parsed += 1
    assert parsed > 50


def versions() -> Iterator[object]:
    """Yield the Pythons for which renders are checked: in between they are so on request."""
    pythons = choices("python_version")
    for version in pythons:
        full = [] if version in {pythons[0], pythons[-1]} else [pytest.mark.full]
        yield pytest.param(version, marks=full)


@pytest.mark.parametrize("version", list(versions()))
@pytest.mark.parametrize("command", [["format", "--check"], ["check"]], ids=["format", "lint"])
def test_ruff_is_content(project: Path, command: list[str], version: str) -> None:
    # What ruff takes from requires-python otherwise: nothing else that it reads depends on it.
    target = f"--target-version=py{version.replace('.', '')}"
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", target, "."],
        cwd=project,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_oldest_python_changes_no_code(tmp_path: Path) -> None:
    """So that `test_ruff_is_content` stands for all values of `python_version` in all renders."""
    naming = {
        path.name
        for folder in ("templates", "{{cookiecutter.project_slug}}")
        for path in (TEMPLATE / folder).rglob("*")
        if path.is_file() and b"python_version" in path.read_bytes()
    }
    oldest, *others = choices("python_version")
    expected = bake(tmp_path / oldest, python_version=oldest)
    for version in others:
        found = bake(tmp_path / version, python_version=version)
        changed = {
            path.name
            for path in files(found)
            if path.read_bytes() != (expected / path.relative_to(found)).read_bytes()
        }
        assert changed == naming == {"Dockerfile", "ci.yml", "pyproject.toml"}
        metadata = (found / "pyproject.toml").read_text(encoding="utf-8")
        assert metadata.replace(f">={version}", f">={oldest}") == (
            expected / "pyproject.toml"
        ).read_text(encoding="utf-8")


def test_every_entry_point_has_the_header(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_policy_header([str(project)]) == 0, capsys.readouterr().out
    its_own = runpy.run_path(str(project / "tests" / "test_policy_header.py"))
    its_own["test_entry_points_begin_with_the_event_loop"]()


@pytest.mark.parametrize(
    "answers",
    [
        *(
            {"driver": driver, "framework": framework, "jobs": "yes"}
            for driver, framework in zip(
                cycle(choices("driver")), choices("framework"), strict=False
            )
        ),
        *({"server": server, "example": "none"} for server in choices("server")),
    ],
    ids=lambda answers: "-".join(answers.values()),
)
def test_the_same_answers_give_the_same_bytes(answers: dict[str, str], tmp_path: Path) -> None:
    project, again = bake(tmp_path / "once", **answers), bake(tmp_path / "again", **answers)
    assert [path.relative_to(project) for path in files(project)] == [
        path.relative_to(again) for path in files(again)
    ]
    for path in files(project):
        assert filecmp.cmp(path, again / path.relative_to(project), shallow=False), path


def test_a_render_over_a_project_removes_nothing_of_its_owner_s(tmp_path: Path) -> None:
    """`--overwrite-if-exists` renders where owners have files."""
    line = (TEMPLATE / "templates" / "left_out.py").read_text(encoding="utf-8")
    project = bake(tmp_path)
    kept = {"app/empty.py": "", "app/note.py": f"{line}X = 1\n", ".venv/left_out.py": line}
    removed = {"app/again.py": line, "app/queue.left_out/x.py": ""}
    for name, text in (kept | removed).items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8", newline="\n")
    assert render(TEMPLATE, tmp_path, {"example": "none"}, overwrite_if_exists=True) == project
    assert {name for name in kept if (project / name).is_file()} == {*kept}
    assert not [name for name in removed if (project / name).exists()]


def test_only_its_own_driver_is_named(project: Path, request: pytest.FixtureRequest) -> None:
    answers = request.node.callspec.params["project"]
    own = {answers.get("driver", choices("driver")[0])}
    if answers.get("sync_engine") == "yes":
        own |= {ANSWERS["_drivers"][driver]["sync_dialect"].partition("+")[2] for driver in own}
    for path in files(project):
        text = path.read_text(encoding="utf-8")
        if path.name == "troubleshooting.md":
            # What a plain postgresql:// asks for, and who wants another driver's package.
            text = text.replace("No module named 'psycopg'", "").replace("postgresql+psycopg", "")
        for other in set(choices("driver")) - own:
            assert other not in text, (path, other)
