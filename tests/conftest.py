"""Rendered projects that several modules run, each installed once in a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import httpcore2
import pytest
from support.projects import (
    AWKWARD,
    Project,
    Variant,
    answers,
    install,
    migrated_database,
    new_directory,
)
from support.temporary_files import keep_in_memory
from support.windows.simulated import Windows, open_windows
from support.windows.workbench import Workbench, open_workbench


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Variant], Project]:
    """Return a function that installs a variant with what it needs to run, and no more."""

    @cache
    def install_once(variant: Variant) -> Project:
        return install(new_directory(tmp_path_factory), "--no-default-groups", **answers(variant))

    return install_once


@pytest.fixture
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project as it is in production."""
    return installed(request.param)


@pytest.fixture
def url(project: Project, tmp_path: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a migrated database."""
    with migrated_database(project, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def developed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Variant], Project]:
    """Return a function that installs a variant with all that its developers need."""

    @cache
    def install_once(variant: Variant) -> Project:
        return install(new_directory(tmp_path_factory), **answers(variant), **AWKWARD)

    return install_once


@pytest.fixture(scope="session")
def on_windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Windows]]:
    """Return a function that puts the project of some answers on a simulated Windows."""
    with ExitStack() as stack:

        @cache
        def get(**given: str) -> Windows:
            return stack.enter_context(open_windows(new_directory(tmp_path_factory), **given))

        yield get


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Yield an environment with many drivers."""
    with open_workbench(tmp_path_factory) as workbench:
        yield workbench


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take how long `tests/faults/test_soak.py` goes on."""
    parser.addoption("--soak-seconds", type=float, default=600, help="how long the soak goes on")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many tests run at once: two more than cores, as some always wait for something."""
    return (os.cpu_count() or 1) + 2


def pytest_configure(config: pytest.Config) -> None:
    """Let what the tests start obey the signals that they send, and be quick.

    A run in the background of a script ignores SIGINT, one under nohup SIGHUP, and so would
    every process that it starts. And no proxy leads to what runs on this machine.
    """
    if not hasattr(config, "workerinput"):
        keep_in_memory()
    # Or each of the commands that tests start, in bakes and here, compiles all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Or each client, also one without TLS, reads all authorities of the system: 30 ms of processor.
    httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            default = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, default)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put groups into ids, where xdist's scheduler looks for them; faults are about projects.

    xdist 3.8 writes them to an attribute that pytest 9.2 does not read any more, and then
    every worker would install every project.
    """
    for item in items:
        if item.get_closest_marker("faults"):
            # So that "not projects" leaves them out, too.
            item.add_marker("projects")
    if config.getoption("loadgroup", default=False):
        for item in items:
            group = item.get_closest_marker("xdist_group")
            if group and "@" not in item.nodeid.rpartition("]")[2]:
                item._id = item.id.parse(f"{item.nodeid}@{group.args[0]}")  # noqa: SLF001


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured (the fixture `figures`)."""
    measured = [
        f"{report.nodeid.partition('::')[2].partition('@')[0]}: {sentence}"
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for name, sentence in report.user_properties
        if name == "figures"
    ]
    if measured:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(measured))
