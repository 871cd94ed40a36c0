"""Scripts, Alembic, pytest and notebooks, on a simulated Windows with a real database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.windows.simulated import SELECTOR, Windows, for_group, simulated

pytestmark = [pytest.mark.projects, simulated]

QUERY = """
from app.kit.db.engine import open_engine
from app.settings import Settings
from sqlalchemy import text

async def query():
    async with open_engine(Settings()) as engine, engine.connect() as connection:
        print("answer", await connection.scalar(text("SELECT 40 + 2")))
"""
SCRIPTS = {
    "app.event_loop.run": f"import app.event_loop{QUERY}\napp.event_loop.run(query())",
    "asyncio.run": f"import asyncio, app.event_loop{QUERY}\nasyncio.run(query())",
}
COMMANDS = [
    ("-m", "alembic", "upgrade", "head"),
    ("-m", "alembic", "check"),
    ("-m", "scripts.seed_database"),
    ("-m", "scripts.create_test_data", "--companies", "3"),
    ("-m", "app", "doctor"),
    ("-m", "pytest", "-q", "tests/companies", "tests/test_migrations.py"),
    *(("-c", script) for script in SCRIPTS.values()),
]


@for_group("fastapi")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda it: it[-1] if it[0] == "-m" else "")
def test_simulated_win32_command(
    on_windows: Callable[..., Windows], command: tuple[str, ...]
) -> None:
    windows = on_windows(driver="psycopg", framework="fastapi")
    windows.report.unlink(missing_ok=True)
    done = windows.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert windows.loops() == {SELECTOR}


# As in Jupyter, or in `python -m asyncio`: a loop runs before the project is imported.
NOTEBOOK = f"""
import asyncio

async def notebook():
    import app.event_loop
{QUERY.replace(chr(10), chr(10) + "    ")}
    CELL

asyncio.run(notebook())
"""
CELLS = {
    "app.event_loop.run(query())": "`await asyncio.to_thread(run, …)`",
    "await query()": "`app.event_loop.run`",
    "await asyncio.to_thread(app.event_loop.run, query())": "",
}


@for_group("fastapi")
@pytest.mark.parametrize("cell", CELLS)
def test_simulated_win32_notebook(on_windows: Callable[..., Windows], cell: str) -> None:
    windows = on_windows(driver="psycopg", framework="fastapi")
    done = windows.run("-c", NOTEBOOK.replace("CELL", cell))
    if what_works := CELLS[cell]:
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.startswith("RuntimeError: ")
        assert what_works in last
    else:
        assert done.stdout == "answer 42\n", done.stderr


@for_group("fastapi")
def test_simulated_win32_has_the_fault_that_the_header_mends(
    on_windows: Callable[..., Windows],
) -> None:
    """Without the header it is psycopg's own error: else the tests above would prove nothing."""
    windows = on_windows(driver="psycopg", framework="fastapi")
    script = (
        "import asyncio, os\n"
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "url = os.environ['DATABASE_URL'].replace('postgresql:', 'postgresql+psycopg:')\n"
        "asyncio.run(create_async_engine(url).connect().start())"
    )
    done = windows.run("-c", script)
    assert "Psycopg cannot use the 'ProactorEventLoop'" in done.stderr


PLUGINS = """
import pytest
from fastapi.testclient import TestClient

from app.event_loop import new_event_loop
from app.kit.db.engine import open_engine
from app.main import create_app
from app.settings import Settings
from sqlalchemy import text

OPTIONS = {"loop_factory": new_event_loop}

@pytest.fixture
def anyio_backend():
    return "asyncio", OPTIONS

@pytest.mark.anyio
async def test_anyio():
    async with open_engine(Settings()) as engine, engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1

def test_client():
    with TestClient(create_app(), backend_options=OPTIONS) as client:
        assert client.get("/api/v1/companies").status_code == 200
"""


@for_group("fastapi")
@pytest.mark.parametrize("no_policies", ["", "1"])
def test_simulated_win32_anyio_and_test_client(
    on_windows: Callable[..., Windows], tmp_path: Path, no_policies: str
) -> None:
    windows = on_windows(driver="psycopg", framework="fastapi")
    windows.report.unlink(missing_ok=True)
    (tmp_path / "test_plugins.py").write_text(PLUGINS, encoding="utf-8")
    (tmp_path / "pytest.ini").touch()
    # pytest-asyncio needs policies, and so does not run on a Python without (1.5.0).
    options = ["-q", "-p", "anyio", "-p", "no:asyncio", "-p", "no:randomly", str(tmp_path)]
    done = windows.run("-m", "pytest", *options, SIMULATED_WIN32_NO_POLICIES=no_policies)
    assert done.returncode == 0, done.stdout + done.stderr
    assert windows.loops() == {SELECTOR}
