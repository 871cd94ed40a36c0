"""A project's troubleshooting.md: its headings are what today's versions say, all of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from support.databases.real import database_for, server_for
from support.pages import read_headings
from support.places import OWNERS
from support.projects import Copy, Project, Variant, each, new_directory
from support.windows.symptoms import SYMPTOMS

pytestmark = pytest.mark.projects

USUAL: list[Variant] = [("asyncpg", "fastapi")]
VARIANTS: list[Variant] = [
    *USUAL,
    ("aiosqlite", "aiohttp"),
    *((driver, "fastapi") for driver in ("psycopg", "asyncmy", "aiomysql")),
]
ELSEWHERE = {
    # By the name of the test in test_symptoms.py, on a simulated Windows.
    "`Psycopg cannot use the 'ProactorEventLoop' to run in async mode`": (
        "test_simulated_win32_psycopg"
    ),
    "`This project runs on asyncio.SelectorEventLoop, but the running loop is`": (
        "test_simulated_win32_guard"
    ),
    "`NotImplementedError`": "test_simulated_win32_subprocess",
    "`too many file descriptors in select()`": "test_simulated_win32_many_sockets",
    # In tests/owners/session_behaviours.py: test_two_may_write_at_once.
    "It works in a script, and fails in tests": "",
}
"""Headings that come of something else than `tests/owners/troubles.py`, and what that is."""


def test_what_windows_says_is_reproduced_elsewhere() -> None:
    for heading, test in ELSEWHERE.items():
        assert not test or heading.strip("`") in SYMPTOMS[test]


@pytest.mark.parametrize("variant", each(VARIANTS, usual=USUAL))
def test_every_heading_is_what_is_said(
    developed: Callable[[Variant], Project],
    tmp_path_factory: pytest.TempPathFactory,
    variant: Variant,
) -> None:
    directory = new_directory(tmp_path_factory)
    project = Copy.of(developed(variant), directory)
    script = shutil.copy(OWNERS / "troubles.py", project.path / "troubles.py")
    # It takes all connections of the server.
    alone = project.driver != "aiosqlite"
    with server_for(project.driver) if alone else database_for(project.driver, directory) as url:
        project.migrate(DATABASE_URL=url)
        told = json.loads(project.succeed(project.python, script, DATABASE_URL=url))
    assert {heading: words for heading, words in told.items() if heading not in words} == {}
    found = read_headings(project.path)
    assert len(found) == len({*found})
    assert {*found} - {*ELSEWHERE} == {f"`{heading}`" for heading in told}
