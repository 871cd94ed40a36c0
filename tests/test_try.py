"""The quick start, as a newcomer types it."""

from __future__ import annotations

import importlib
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import psutil
import pytest
import trustme
from support.bake import TEMPLATE, bake, choices
from support.databases.observer import wait_until
from support.projects import DEAD_PROXY, environment
from support.variants import OF_DATABASES


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
@pytest.mark.parametrize(
    "driver",
    [
        pytest.param(it, marks=[] if it in OF_DATABASES.values() else [pytest.mark.full])
        for it in choices("driver")
    ],
)
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
    done = try_py("--driver", driver, "--framework", "none", "--jobs", "yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "import_companies\tdone" in done.stdout
    assert "Fresh Start Ltd" in done.stdout


@pytest.mark.projects
def test_it_shows_a_command_line() -> None:
    done = try_py("--driver", "aiosqlite", "--framework", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Aurora Instruments" in done.stdout


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


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def stubborn() -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """Yield a process that ignores a request to stop, and its child."""
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        try:
            yield process, child
        finally:
            for it in (child, process):
                with suppress(psutil.NoSuchProcess):
                    it.kill()


def assert_all_are_gone(process: subprocess.Popen[str], child: psutil.Process) -> None:
    """Fail if one of them still runs."""
    assert process.wait(10)
    with suppress(psutil.NoSuchProcess):
        wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups like these")
@pytest.mark.parametrize("failure", [None, OSError(6, "The handle is invalid")])
def test_a_stop_ends_whatever_the_service_does(
    stubborn: tuple[subprocess.Popen[str], psutil.Process],
    failure: OSError | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second is what Windows raises for CTRL_BREAK where there is no console."""
    module = importlib.import_module("try")
    monkeypatch.setattr(module, "STOP_TIMEOUT", 0.5)
    process, child = stubborn
    if failure:
        monkeypatch.setattr(process, "terminate", Mock(side_effect=failure))
    with pytest.raises(module.TryError, match="was killed") as caught:
        module.stop(process)
    assert "\n" not in str(caught.value)
    assert_all_are_gone(process, child)


class Index(BaseHTTPRequestHandler):
    """Has no package."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def company(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the URL of a package index, and the certificate of the company that signed for it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "company.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/simple", tmp_path / "company.pem"
        server.shutdown()
        thread.join()


def test_a_certificate_that_uv_does_not_trust_is_told_with_the_cure(
    company: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_SYSTEM_CERTS"):
        monkeypatch.delenv(name, raising=False)
    url, certificate = company
    alone = {"UV_DEFAULT_INDEX": url, "UV_CACHE_DIR": str(tmp_path / "cache")}
    alone |= {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "environment"), "UV_NO_CONFIG": "1"}
    refused = try_py("--driver", "aiosqlite", **alone)
    assert refused.returncode == 1
    assert "set SSL_CERT_FILE to" in refused.stderr.splitlines()[0]
    trusting = try_py("--driver", "aiosqlite", **alone, SSL_CERT_FILE=str(certificate))
    assert "certificate" not in trusting.stderr
    assert trusting.returncode == 1


def test_nor_to_what_the_image_asks_for_its_health(here: str, tmp_path: Path) -> None:
    lines = (bake(tmp_path) / "Dockerfile").read_text(encoding="utf-8").splitlines()
    [command] = [line for line in lines if line.startswith("HEALTHCHECK CMD ")]
    _, *arguments = json.loads(command.removeprefix("HEALTHCHECK CMD "))
    code = [argument.replace("127.0.0.1:8000", here) for argument in arguments]
    assert here in code[-1]
    subprocess.run([sys.executable, *code], env=environment(**DEAD_PROXY), check=True, timeout=60)
