"""The hook `policy-header` of this repository, as prek installs it into another one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from support.projects import find_uv
from support.repositories import copy_template, run, succeed

CONFIGURATION = """\
repos:
  - repo: {repository}
    rev: {commit}
    hooks:
      - id: policy-header
"""
WITHOUT = "import asyncio\n\nimport asyncpg\n\nasyncio.run(asyncpg.connect())\n"
HEADER = """\
import asyncio
import sys

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
"""


def test_prek_installs_the_package_and_not_the_template(tmp_path: Path) -> None:
    repository = copy_template(tmp_path / "template")
    commit = succeed(repository, "git", "rev-parse", "HEAD").strip()
    home, service = tmp_path / "home", tmp_path / "service"
    service.mkdir()
    (service / ".pre-commit-config.yaml").write_text(
        CONFIGURATION.format(repository=repository.as_posix(), commit=commit), encoding="utf-8"
    )
    # What the hook must not import: the current directory has no say in it.
    (service / "argparse.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    (service / "job.py").write_text(WITHOUT, encoding="utf-8")
    succeed(service, "git", "init", "--quiet")
    succeed(service, "git", "add", "--all")
    prek = shutil.which("prek", path=Path(sys.executable).parent)
    assert prek
    path = os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]])
    env = {"PREK_HOME": str(home), "PATH": path, "PREK_COLOR": "never"}

    done = run(service, prek, "run", "--all-files", **env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "job.py:1: EL001 this file calls asyncio.run()" in done.stdout

    [packages] = home.glob("hooks/*/[lL]ib/**/site-packages")
    installed = {path.name for path in packages.iterdir() if path.suffix != ".dist-info"}
    assert installed == {"policy_header"}

    (service / "job.py").write_text(HEADER + WITHOUT, encoding="utf-8")
    succeed(service, prek, "run", "--all-files", **env)
