"""The CI of the template and of projects is valid and safe, and what it runs on Windows works.

Windows itself is not here: its steps run on the simulated one, but for those in PowerShell.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.bake import TEMPLATE, bake, choices
from support.databases.real import database_for
from support.projects import PATIENCE, environment, find_uv
from support.windows.simulated import SELECTOR, SIMULATION

WORKFLOW = ".github/workflows/ci.yml"
DEPENDABOT = ".github/dependabot.yml"
POWERSHELL = "Get-Service"
OF_LOOPS = "tests/test_service.py tests/kit/test_loop.py tests/kit/test_event_loop.py"
# All answers on which the workflow depends.
VARIANTS = [{name: value} for name in ("driver", "python_version") for value in choices(name)]


def jobs(root: Path) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    loaded: dict[str, Any] = yaml.safe_load((root / WORKFLOW).read_text(encoding="utf-8"))["jobs"]
    return loaded


def commands(job: dict[str, Any]) -> list[str]:
    """Return the commands of a job, without what only PowerShell understands."""
    return [
        step["run"]
        for step in job["steps"]
        if "run" in step and not step["run"].startswith(POWERSHELL)
    ]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the directories of the template and of a project of each kind."""
    return [TEMPLATE, *(bake(tmp_path_factory.mktemp("ci"), **it) for it in VARIANTS)]


def check(tool: str, *arguments: str | Path) -> None:
    """Run a checker, which must be content."""
    program = shutil.which(tool, path=Path(sys.executable).parent)
    assert program, f"{tool} is not installed"
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "file"),
    [("github-workflows", ".github/workflows/*.yml"), ("dependabot", DEPENDABOT)],
)
def test_they_are_valid(roots: list[Path], schema: str, file: str) -> None:
    files = [path for root in roots for path in root.glob(file)]
    check("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def test_they_are_safe(roots: list[Path]) -> None:
    check("zizmor", "--offline", "--strict-collection", *(root / ".github" for root in roots))


def test_an_action_is_the_same_everywhere(roots: list[Path]) -> None:
    known: dict[str, str] = {}
    for root in roots:
        texts = [path.read_text(encoding="utf-8") for path in root.glob(".github/workflows/*.yml")]
        for action, version in re.findall(r"uses: ([^@\s]+)@(.*)", "\n".join(texts)):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", version)
            assert known.setdefault(action, version) == version
    assert len(known) == 3


def test_dependabot_is_told_the_same() -> None:
    [own] = TEMPLATE.glob(DEPENDABOT)
    of_projects = TEMPLATE / "{{cookiecutter.project_slug}}" / DEPENDABOT
    assert of_projects.read_bytes() == own.read_bytes()


def test_windows_runs_in_the_template_what_it_runs_in_projects(tmp_path: Path) -> None:
    ours = jobs(TEMPLATE)["windows"]
    for driver in ours["strategy"]["matrix"]["driver"]:
        of_project = jobs(bake(tmp_path / driver, driver=driver))["windows"]
        render, add, *rest = commands(ours)
        assert "cookiecutter" in render
        assert "add_kit_tests.py" in add
        # Only the template looks for the loop's name.
        assert [command.partition(" | grep ")[0] for command in rest] == commands(of_project)
        assert ours["strategy"]["matrix"]["python"] == of_project["strategy"]["matrix"]["python"]


@pytest.mark.projects
@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs no simulation of itself")
@pytest.mark.parametrize(
    ("driver", "tests"),
    [
        # The loop is a matter of life for psycopg; the others, and all tests, on request.
        ("psycopg", OF_LOOPS),
        pytest.param("psycopg", "", marks=pytest.mark.full),
        *(
            pytest.param(driver, OF_LOOPS, marks=pytest.mark.full)
            for driver in jobs(TEMPLATE)["windows"]["strategy"]["matrix"]["driver"]
            if driver != "psycopg"
        ),
    ],
)
def test_simulated_win32_steps_of_windows(driver: str, tests: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    report = tmp_path / "loops"
    with database_for(driver, tmp_path) as url:
        env = {"DATABASE_URL": url, "TEST_DATABASE_URL": url, "RUNNER_TEMP": str(tmp_path)}
        simulated = {"PYTHONPATH": str(SIMULATION), "SIMULATED_WIN32_LOOPS": str(report)}
        for command, place in steps(jobs(TEMPLATE)["windows"], tmp_path, driver):
            chosen = f"{command} {tests}" if command == "uv run pytest" else command
            succeed(chosen, place, env if place == TEMPLATE else env | simulated)
    loops = {line.split()[1] for line in report.read_text(encoding="utf-8").splitlines()}
    assert SELECTOR in loops


def steps(job: dict[str, Any], temporary: Path, driver: str) -> Iterator[tuple[str, Path]]:
    """Yield the commands of a job that Bash understands, each with its directory."""
    for step in job["steps"]:
        if "run" in step and not step["run"].startswith(POWERSHELL):
            place = step.get("working-directory", str(TEMPLATE))
            yield (
                step["run"].replace("${{ matrix.driver }}", driver),
                Path(place.replace("${{ runner.temp }}", str(temporary))),
            )


def succeed(command: str, directory: Path, env: dict[str, str]) -> None:
    """Run a command as GitHub does with `shell: bash`, with the uv that is here."""
    here = environment(**env)
    path = os.pathsep.join([str(Path(find_uv()).parent), here["PATH"]])
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=directory,
        env=here | {"PATH": path},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
