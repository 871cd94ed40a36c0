"""Nobody outside this machine gets to the service or its database unless a setting says so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import yaml
from support.bake import bake, choices
from support.databases.real import server_for
from support.http.hostile_service import HTTP
from support.projects import (
    Project,
    Running,
    each,
    install,
    migrated_database,
    new_directory,
    serving,
)

pytestmark = pytest.mark.faults

LOOPBACK = {"127.0.0.1", "::1"}
SECRETS = [".env", ".local/postgres/data/x", ".venv/x"]
IMAGE = {"alembic.ini", "app", "migrations", "pyproject.toml", "scripts", "uv.lock"}


def listeners(service: Running) -> set[str]:
    """Return the addresses on which the service and the processes that it started listen."""
    process = psutil.Process(service.process.pid)
    return {
        connection.laddr.ip
        for member in [process, *process.children(recursive=True)]
        for connection in member.net_connections()
        if connection.status == psutil.CONN_LISTEN or connection.type.name == "SOCK_DGRAM"
    }


@pytest.mark.parametrize("variant", each(HTTP))
def test_a_service_listens_on_loopback(
    variant: tuple[str, ...],
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    project, found = installed(variant), {}
    with migrated_database(project, tmp_path) as url:
        for name, command in {"one": (), "two": ("--workers", "2"), "dev": ("dev",)}.items():
            with serving(project, tmp_path / name, *command, DATABASE_URL=url) as service:
                found[name] = listeners(service)
                service.stop()
    figures(f"{found}")
    for addresses in found.values():
        assert addresses
        assert addresses <= LOOPBACK


@pytest.mark.parametrize("driver", ["asyncpg", "asyncmy"])
def test_so_does_the_database_that_it_brings(
    driver: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    if driver == "asyncmy":
        with server_for(driver):
            pass  # Skips, with the reason, where there is no MariaDB.
    project = install(new_directory(tmp_path_factory), driver=driver)
    with serving(project, tmp_path / "log", "dev") as service:
        # A server of its own account, or of none of our children, is found by its directory.
        home = str(project.path / ".local")
        servers = [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(home in part for part in process.info["cmdline"] or ())
        ]
        assert servers
        found = {
            connection.laddr.ip
            for process in servers
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert found <= LOOPBACK
        assert listeners(service) <= LOOPBACK
        service.stop()


@pytest.mark.parametrize("driver", choices("driver"))
def test_secrets_stay_out_of_git_and_images(driver: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver)
    git = shutil.which("git")
    assert git
    subprocess.run([git, "init", "-q"], cwd=project, check=True)
    for secret in SECRETS:
        ignored = subprocess.run([git, "check-ignore", "-q", secret], cwd=project, check=False)
        assert ignored.returncode == 0, secret
    ignored = subprocess.run([git, "check-ignore", "-q", ".env.example"], cwd=project, check=False)
    assert ignored.returncode == 1
    # Docker ignores all but what is named after "!" (its last match counts); the one pattern
    # that follows takes caches out again.
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if not line.startswith("#")]
    assert patterns[0] == "*"
    assert {pattern[1:] for pattern in patterns if pattern.startswith("!")} == IMAGE
    assert patterns[-1] == "**/__pycache__"
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        source.rstrip("*")
        for line in dockerfile.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert set(copied) <= IMAGE
    assert "ADD " not in dockerfile
    assert "PASS" not in dockerfile


@pytest.mark.parametrize("driver", ["asyncpg", "asyncmy"])
def test_compose_publishes_on_loopback(driver: str, tmp_path: Path) -> None:
    text = (bake(tmp_path, driver=driver) / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    # No password that somebody could forget to change.
    assert "${DB_PASS:?" in text
