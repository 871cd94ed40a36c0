"""The right loop under every launcher, on a simulated Windows with a real database.

What `simulated_win32/sitecustomize.py` says it simulates is all that these tests prove.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from support.bake import choices
from support.projects import PATIENCE, running, serving
from support.pythons import python_or_skip
from support.windows.launchers import ALONE, LAUNCHERS, OURS, UVICORN, Launcher
from support.windows.simulated import (
    SELECTOR,
    Windows,
    assert_outcome,
    for_group,
    launch,
    simulated,
)

pytestmark = [pytest.mark.projects, simulated]


COMPANIES = {
    workers: {"companies": [{"name": f"Company {workers}", "industry": "Any"}]}
    for workers in (1, 2)
}


def _is_known(framework: str, launcher: Launcher) -> bool:
    """Tell whether it runs the same code as with the first framework."""
    first = next(iter(LAUNCHERS))
    of_uvicorn = ALONE[0] in LAUNCHERS[framework]
    return framework != first and of_uvicorn and launcher in [*OURS[1:], *ALONE]


def _cells(on_request: Callable[[str, Launcher], bool]) -> list[object]:
    """Return each launcher of each framework; `on_request` says which only `-m full` runs."""
    return [
        pytest.param(
            framework,
            launcher,
            id=f"{framework}-{launcher.name}",
            marks=[
                for_group(framework),
                *([pytest.mark.full] if on_request(framework, launcher) else []),
            ],
        )
        for framework, launchers in LAUNCHERS.items()
        for launcher in launchers
    ]


@pytest.mark.parametrize(("framework", "launcher"), _cells(_is_known))
def test_simulated_win32_launcher(
    on_windows: Callable[..., Windows], framework: str, launcher: Launcher, tmp_path: Path
) -> None:
    windows = on_windows(driver="psycopg", framework=framework)
    launched = launch(windows, launcher, tmp_path / "log")
    assert_outcome(launcher.outcome, launched, windows.loops())


@pytest.mark.parametrize(
    ("framework", "launcher"), _cells(lambda _, launcher: not launcher.without_policies)
)
def test_simulated_win32_launcher_without_policies(
    on_windows: Callable[..., Windows], framework: str, launcher: Launcher, tmp_path: Path
) -> None:
    """As Python 3.16 will be: what the policy did, the guard now says."""
    windows = on_windows(driver="psycopg", framework=framework)
    launched = launch(windows, launcher, tmp_path / "log", SIMULATED_WIN32_NO_POLICIES="1")
    assert_outcome(launcher.without_policies or launcher.outcome, launched, windows.loops())


@pytest.mark.full
@pytest.mark.parametrize(
    ("version", "launcher"),
    [
        pytest.param(version, launcher, id=f"{version}-{launcher.name}", marks=for_group(version))
        for version in choices("python_version")
        if version != f"{sys.version_info.major}.{sys.version_info.minor}"
        for launcher in LAUNCHERS["fastapi"]
    ],
)
def test_simulated_win32_launcher_on_other_pythons(
    on_windows: Callable[..., Windows], version: str, launcher: Launcher, tmp_path: Path
) -> None:
    python = python_or_skip(version)
    windows = on_windows(driver="psycopg", framework="fastapi", python=python)
    launched = launch(windows, launcher, tmp_path / "log")
    assert_outcome(launcher.outcome, launched, windows.loops())


# The answer to windows_event_loop, and what must come of it.
PLAIN, RELOAD = UVICORN[0], UVICORN[2]
CHOICES = {
    ("asyncpg", "selector"): (SELECTOR, {PLAIN: "refuses", RELOAD: "serves"}),
    ("asyncpg", "native"): (
        "ProactorEventLoop",
        {PLAIN: "serves", RELOAD: "refuses", OURS[1]: "refuses"},
    ),
    ("psycopg", "winloop"): ("Loop", {PLAIN: "refuses", RELOAD: "refuses"}),
}


@pytest.mark.parametrize(
    ("driver", "loop", "launcher"),
    [
        pytest.param(
            driver,
            loop,
            launcher,
            id=f"{driver}-{loop}-{launcher.name}",
            marks=[
                for_group(f"{driver}-{loop}"),
                *([pytest.mark.full] if launcher is OURS[1] else []),
            ],
        )
        for driver, loop in CHOICES
        for launcher in [*OURS, PLAIN, RELOAD]
    ],
)
def test_simulated_win32_answer(
    on_windows: Callable[..., Windows], driver: str, loop: str, launcher: Launcher, tmp_path: Path
) -> None:
    expected, outcomes = CHOICES[driver, loop]
    windows = on_windows(driver=driver, framework="fastapi", windows_event_loop=loop)
    launched = launch(windows, launcher, tmp_path / "log")
    assert_outcome(outcomes.get(launcher, launcher.outcome), launched, windows.loops(), expected)


@for_group("fastapi")
def test_simulated_win32_reload_is_orderly(
    on_windows: Callable[..., Windows], tmp_path: Path
) -> None:
    """An event of the console, with which uvicorn would ask for it, there is none here."""
    windows = on_windows(driver="psycopg", framework="fastapi")
    main, log = windows.project.path / "app" / "main.py", tmp_path / "log"
    with serving(windows.project, log, "dev", **windows.env) as service:
        main.touch()
        deadline = monotonic() + PATIENCE
        while log.read_text(encoding="utf-8").count("startup complete") < 2:
            assert service.process.poll() is None, "it ended"
            assert monotonic() < deadline, log.read_text(encoding="utf-8")
            sleep(0.05)
        service.signal(signal.SIGINT)
        assert service.process.wait(PATIENCE) == 0
    told = log.read_text(encoding="utf-8")
    assert told.count("shutdown complete") == 2, told
    assert "Traceback" not in told


@for_group("fastapi")
def test_simulated_win32_ctrl_c_with_workers(
    on_windows: Callable[..., Windows], tmp_path: Path
) -> None:
    """As the reload."""
    windows, log = on_windows(driver="psycopg", framework="fastapi"), tmp_path / "log"
    with serving(windows.project, log, "--workers", "2", **windows.env) as service:
        # To it alone, as in a service: in a console the workers get it, too.
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PATIENCE) == 0
    told = log.read_text(encoding="utf-8")
    assert told.count("shutdown complete") == 2, told
    assert "Traceback" not in told


@for_group("none")
@pytest.mark.parametrize("workers", [1, 2])
def test_simulated_win32_worker(
    on_windows: Callable[..., Windows], tmp_path: Path, workers: int
) -> None:
    windows = on_windows(driver="psycopg", framework="none", jobs="yes")
    windows.report.unlink(missing_ok=True)
    queue = ("-m", "app", "jobs")
    windows.run(*queue, "add", "import_companies", json.dumps(COMPANIES[workers]))
    command = ["--workers", str(workers)]
    with running(windows.project, tmp_path / "log", *command, **windows.env) as process:
        while process.process.poll() is None and "queued" in windows.run(*queue, "list").stdout:
            pass
        log = process.stop()
    done = windows.run(*queue, "list").stdout
    assert done.count("\tdone\t") == workers, done + log
    assert windows.loops() == {SELECTOR}
