"""What the documentation says is what the tables in cookiecutter.json say."""

from __future__ import annotations

import re
from inspect import signature

import test_symptoms
from bake import ANSWERS, TEMPLATE, choices
from documents import rows
from launchers import LAUNCHERS
from windows_cells import LOOPS, cells


def test_the_table_of_drivers() -> None:
    table = rows("docs/drivers.md", "driver")
    assert [row[0] for row in table] == choices("driver")
    for driver, dialect, requirement, port, loop, *_ in table:
        facts = ANSWERS["_drivers"][driver]
        assert dialect == facts["dialect"]
        assert requirement == facts["requirement"]
        assert port == str(facts["port"] or "none")
        assert loop == ("required" if facts["needs_selector"] else "not needed")


def test_the_readme_offers_every_choice() -> None:
    table = {row[0]: row[1:] for row in rows("README.md", "answer")}
    for answer in (
        *("driver", "framework", "server", "sync_engine", "local_database"),
        *("windows_event_loop", "license"),
    ):
        offered, default = table[answer]
        for choice in choices(answer):
            assert choice in offered, (answer, choice)
        assert default == choices(answer)[0]


def test_the_table_of_launchers() -> None:
    """What the tests expect of each, and in their order."""
    launchers = dict.fromkeys(it for group in LAUNCHERS.values() for it in group)
    assert rows("docs/event-loop.md", "launcher") == [
        [
            re.sub(r" --(port|bind) \S*\{port\}", "", it.name),
            it.outcome,
            it.without_policies or it.outcome,
        ]
        for it in launchers
    ]


def test_the_table_of_windows() -> None:
    """Has a row for each service that the tests start there, and a cell for each loop."""
    services = dict.fromkeys((it.driver, it.framework, it.server) for it in cells())
    table = rows("docs/event-loop.md", "driver, framework, server")
    assert [row[0] for row in table] == [", ".join(service) for service in services]
    assert {len(row) for row in table} == {1 + len(LOOPS)}


def test_the_table_of_symptoms() -> None:
    """Each is reproduced by a test, or said not to be; each test of symptoms has its row."""
    named = [row[-1] for row in rows("docs/event-loop.md", "symptom")]
    tests = [
        name
        for name, test in vars(test_symptoms).items()
        if name.startswith("test_") and "symptoms" in signature(test).parameters
    ]
    assert [name for name in named if not name.startswith("not reproduced: ")] == tests


def test_every_fault_is_a_promise() -> None:
    """Each module of tests/faults stands in docs/reliability.md, and nothing that is not there."""
    page = (TEMPLATE / "docs/reliability.md").read_text(encoding="utf-8")
    promises, _, _figures = page.partition("## Last figures")
    there = {path.name for path in (TEMPLATE / "tests/faults").glob("test_*.py")}
    elsewhere = {path.name for path in (TEMPLATE / "tests").glob("test_*.py")}
    named = set(re.findall(r"\btest_\w+\.py\b", promises))
    assert there <= named <= there | elsewhere
