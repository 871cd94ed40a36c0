"""Every entry point chooses the event loop before it imports anything else."""

import os
from pathlib import Path

import pytest

from app.db.address import DIALECT
from devtools.policy_header.checker import HEADER_MODULE, RULES, check
from devtools.policy_header.command import main
from tests.processes import PROJECT, run_python

HEADER = "from app.event_loop import run\n"
SET = "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n"
ON_WINDOWS = 'if sys.platform == "win32":\n    '
IN_PLACE = f"import asyncio\nimport sys\n{ON_WINDOWS}{SET}"
MAIN = 'if __name__ == "__main__":\n    run(main())\n'
SWALLOWED = "try:\n    run(main())\nexcept RuntimeError:\n    "
SUPPRESSED = "with suppress(RuntimeError):\n    loop.run_until_complete(main())\n"

# For each rule a bad and a good example, in a code base with the header module …
WITH_A_MODULE = {
    "EL001": (f"import sqlalchemy\n{MAIN}", f"{HEADER}import sqlalchemy\n{MAIN}"),
    "EL002": (f"import sqlalchemy\n{HEADER}{MAIN}", f"{HEADER}import sqlalchemy\n{MAIN}"),
    "EL003": (f"import rich\ndef main():\n    {HEADER}{MAIN}", f"{HEADER}import rich\n{MAIN}"),
    "EL004": (f"import asyncio\n{SET}", IN_PLACE),
    "EL005": (f"{HEADER}{IN_PLACE}", HEADER),
    "EL006": (
        f"{HEADER}import asyncio\nasyncio.run(main())\n",
        f"{HEADER}run(main())\n",
    ),
    "EL007": (f"{HEADER}{SWALLOWED}pass\n", f"{HEADER}{SWALLOWED}raise\n"),
}
# … and in one without.
WITHOUT = {
    "EL001": (f"import sqlalchemy\n{MAIN}", f"{IN_PLACE}import sqlalchemy\n{MAIN}"),
    "EL002": (f"import sqlalchemy\n{IN_PLACE}", f"{IN_PLACE}import sqlalchemy\n"),
    "EL003": (f"import asyncio\ndef main():\n    {SET}", IN_PLACE),
    "EL004": (f"import asyncio\n{SET}", IN_PLACE),
    "EL005": (f"{IN_PLACE}{ON_WINDOWS}{SET}", IN_PLACE),
    "EL006": (
        f"{IN_PLACE}import uvicorn\nuvicorn.run(app)\n",
        f"{IN_PLACE}import uvicorn\nuvicorn.run(app, loop='loops:make')\n",
    ),
    "EL007": (
        f"from contextlib import suppress\n{SUPPRESSED}",
        "import asyncio\ntry:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    pass\n",
    ),
}


def found(source: str, header_module: str | None = None) -> set[str]:
    findings = check(Path("example.py"), source.encode(), header_module)
    return {finding.code for finding in findings}


def test_all_of_this_project_do(capsys: pytest.CaptureFixture[str]) -> None:
    folders = ("app", "devtools", "migrations", "scripts", "tests")
    assert main([str(PROJECT / folder) for folder in folders]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("code", RULES)
def test_each_rule_finds_its_bad_example_only(
    code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for examples, header_module in ((WITH_A_MODULE, HEADER_MODULE), (WITHOUT, None)):
        bad, good = examples[code]
        assert code in found(bad, header_module), bad
        assert code not in found(good, header_module), good


@pytest.mark.parametrize(
    "source", ["def query(): ...\n", "import sys\nif __name__ == '__main__':\n    sys.exit()\n"]
)
def test_what_has_no_loop_to_choose_needs_none(source: str) -> None:
    assert not found(source, HEADER_MODULE)


def test_a_missing_header_is_inserted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "event_loop.py").touch()
    planted = tmp_path / "conftest.py"
    planted.write_bytes(b'"""Documented."""\r\n\r\nimport pytest\r\n')
    assert main([str(tmp_path)]) == 1
    assert f"{planted}:3: EL001 " in capsys.readouterr().out
    assert main(["--fix", str(tmp_path)]) == 0
    fixed = planted.read_bytes()
    assert fixed.startswith(b'"""Documented."""\r\n\r\n# Policy first: ')
    assert fixed.endswith(b"\r\n\r\nimport pytest\r\n")
    assert main(["--fix", str(tmp_path)]) == 0
    assert planted.read_bytes() == fixed


def test_the_tool_runs_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").touch()
    tool = str(PROJECT / "devtools" / "check_policy_header.py")
    done = run_python("-I", tool, str(tmp_path), env=dict(os.environ))
    assert done.returncode == 1, done.stderr
    assert "conftest.py:1: EL001 pytest starts with this file" in done.stdout


@pytest.mark.parametrize("module", ["app.main", "app.__main__", "scripts.seed_database"])
def test_importing_an_entry_point_loads_no_driver(module: str) -> None:
    driver = DIALECT.partition("+")[2]
    script = f"import sys, {module}; sys.exit('{driver}' in sys.modules)"
    done = run_python("-c", script, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
