"""The quick start, as a newcomer types it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from bake import TEMPLATE, bake, choices
from projects import DEAD_PROXY, environment


def try_py(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run try.py without a terminal, to the end."""
    return subprocess.run(
        [sys.executable, TEMPLATE / "try.py", *arguments],
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.projects
@pytest.mark.parametrize("driver", choices("driver"))
def test_it_scaffolds_starts_calls_and_stops(driver: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = try_py("--driver", driver, "--output", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert '200 {"status":"ready"}' in done.stdout
    [project] = tmp_path.iterdir()
    assert (project / "pyproject.toml").is_file()


@pytest.mark.projects
@pytest.mark.parametrize("driver", ["asyncpg", "aiosqlite"])
def test_it_gives_a_worker_a_job(driver: str) -> None:
    done = try_py("--driver", driver, "--framework", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "import_companies\tdone" in done.stdout
    assert "Fresh Start Ltd" in done.stdout


def test_a_choice_that_is_not_offered_is_refused() -> None:
    done = try_py("--driver", "pymongo")
    assert done.returncode == 2
    assert "pymongo" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.projects
def test_a_project_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    project = tmp_path / "company_directory"
    project.mkdir()
    done = try_py("--driver", "aiosqlite", "--output", str(tmp_path))
    assert done.returncode == 1
    assert "company_directory" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.iterdir())


@pytest.mark.projects
@pytest.mark.parametrize("setting", ["DB_POOL_SIZE=0", "APP_LOG_LEVEL=loud"])
def test_settings_of_this_machine_do_not_leak_in(setting: str) -> None:
    name, _, value = setting.partition("=")
    done = try_py("--driver", "aiosqlite", **{name: value})
    assert done.returncode == 0, done.stderr


class Healthy(BaseHTTPRequestHandler):
    """Answers that all is well."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def here() -> Iterator[str]:
    """Yield the address of a server on this machine."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_proxy_leads_to_what_it_started(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEAD_PROXY.items():
        monkeypatch.setenv(name, value)
    module = importlib.import_module("try")
    assert module.call(f"http://{here}", "GET", "/health", 200) is None


def test_nor_to_what_the_image_asks_for_its_health(here: str, tmp_path: Path) -> None:
    lines = (bake(tmp_path) / "Dockerfile").read_text(encoding="utf-8").splitlines()
    [command] = [line for line in lines if line.startswith("HEALTHCHECK CMD ")]
    _, *arguments = json.loads(command.removeprefix("HEALTHCHECK CMD "))
    code = [argument.replace("127.0.0.1:8000", here) for argument in arguments]
    assert here in code[-1]
    subprocess.run([sys.executable, *code], env=environment(**DEAD_PROXY), check=True, timeout=60)
