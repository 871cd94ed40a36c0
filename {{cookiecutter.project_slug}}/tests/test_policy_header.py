"""Every entry point chooses the event loop before it imports anything else."""

import os
from pathlib import Path

import pytest

from app.db.address import DIALECT
from devtools.check_policy_header import check, main
from tests.processes import PROJECT, run_python

HEADER = "from app.event_loop import run\n"
ENTRY_POINTS = {
    "script.py": "import asyncio\nif __name__ == '__main__':\n    pass\n",
    "main.py": "import asyncio\napp = object()\n",
    "conftest.py": "import asyncio\n",
    "env.py": "import asyncio\n",
}


def test_all_of_this_project_do(capsys: pytest.CaptureFixture[str]) -> None:
    folders = ("app", "devtools", "migrations", "scripts", "tests")
    assert main([str(PROJECT / folder) for folder in folders]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_one_that_does_not_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    planted = tmp_path / name
    planted.write_text(f'"""Documented."""\n\n{ENTRY_POINTS[name]}', encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert f"{planted}:3: " in capsys.readouterr().out


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_the_header_comes_after_docstring_and_future(name: str) -> None:
    start = '"""Documented."""\n\nfrom __future__ import annotations\n\n'
    assert not list(check(start + HEADER + ENTRY_POINTS[name], name))
    assert list(check(start + ENTRY_POINTS[name] + HEADER, name))


@pytest.mark.parametrize(
    ("source", "file_name"),
    [
        ("import asyncio\n", "models.py"),
        ("import sys\nif __name__ == '__main__':\n    sys.exit()\n", "tool.py"),
    ],
)
def test_what_has_no_loop_to_choose_needs_none(source: str, file_name: str) -> None:
    assert not list(check(source, file_name))


@pytest.mark.parametrize("module", ["app.main", "app.__main__", "scripts.seed_database"])
def test_importing_an_entry_point_loads_no_driver(module: str) -> None:
    driver = DIALECT.partition("+")[2]
    script = f"import sys, {module}; sys.exit('{driver}' in sys.modules)"
    done = run_python("-c", script, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
