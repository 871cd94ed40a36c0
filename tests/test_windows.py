"""Every way to start a project, on a real Python for Windows (`-m windows`; see CONTRIBUTING.md).

Unlike the simulation, it has the system's own event loops, pipes, processes and consoles. Its
figures are the table in docs/event-loop.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from support.bake import bake
from support.windows.cells import LAUNCHER, NEEDS, Cell, WindowsProject, cells, try_all

pytestmark = [
    pytest.mark.windows,
    pytest.mark.skipif(sys.platform != "win32" and not LAUNCHER, reason=NEEDS),
]

FIRST = Cell("asyncpg", "fastapi", "uvicorn", "selector")
# The wheel's programs lie below the project, as in its .venv.
QUERY = """
import asyncio, os, shutil
from pathlib import Path
import asyncpg
from devtools.local_postgres import find_programs, local_database as local_postgres

async def query(url):
    connection = await asyncpg.connect(url)
    print(await connection.fetchval("SELECT count(*) > 0 FROM information_schema.sql_features"))
    await connection.close()

programs = Path("programs", "pginstall").resolve()
shutil.copytree(find_programs().parent, programs)
os.environ["PG_BIN"] = str(programs / "bin")
for data in (Path("data"), None):
    with local_postgres(data) as url:
        asyncio.run(query(url))
"""
NO_SHORT_NAMES = """
import ctypes
ctypes.windll.kernel32.GetShortPathNameW = lambda path, name, size: 0
"""
# Its owner is killed, and the files of its server must be gone.
KILL_WHILE_IT_STARTS = """
import os, subprocess, sys, time
from pathlib import Path

temporary = Path("temporary").resolve()
temporary.mkdir()
os.environ["TEMP"] = os.environ["TMP"] = str(temporary)

def until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, [*temporary.rglob("*")]
        time.sleep(0.05)

owner = "from devtools.local_postgres import local_database as run; run().__enter__()"
process = subprocess.Popen([sys.executable, "-c", owner])
until(lambda: any(temporary.glob("local-postgres-*/setup.log")))
process.kill()
print(process.wait())
until(lambda: not any(temporary.iterdir()))
"""


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> WindowsProject:
    """Return the first project, in a folder with the name that is the parameter."""
    folder = tmp_path / getattr(request, "param", "project")
    folder.mkdir()
    return WindowsProject.of(FIRST, folder)


@pytest.mark.parametrize("project", ["Jörg Müller", "Łukasz Żółć", "日本"], indirect=True)
def test_windows_local_server_in_a_folder_with_other_letters(project: WindowsProject) -> None:
    assert project.run("-c", QUERY).split()[-2:] == ["True", "True"]


@pytest.mark.parametrize("project", ["Jörg Müller"], indirect=True)
def test_windows_local_server_on_a_drive_without_short_names(project: WindowsProject) -> None:
    (project.path / "sitecustomize.py").write_text(NO_SHORT_NAMES, encoding="utf-8")
    assert project.run("-c", QUERY, PYTHONPATH=".").split()[-2:] == ["True", "True"]


def test_windows_nothing_is_left_when_the_owner_is_killed_while_the_server_starts(
    project: WindowsProject,
) -> None:
    assert project.run("-c", KILL_WHILE_IT_STARTS).split()[-1] == "1"


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_windows_cell(
    cell: Cell, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if cell.is_refused:
        with pytest.raises(FailedHookException):
            bake(tmp_path, **cell.answers())
        record_property("figures", "refuses at generation")
        return
    record_property("figures", "; ".join(f"{k}: {v}" for k, v in try_all(cell, tmp_path).items()))
