"""What the documentation says is what code says: tables of answers and of tests, and docstrings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support import documents
from support.bake import ANSWERS, TEMPLATE, WEB_FRAMEWORKS, choices, server_of
from support.documents import rows
from support.http.differences import (
    ABANDONED,
    EXIT_CODES,
    LARGE_BODIES,
    READS_OTHER_JSON,
    SLOW_CLIENTS,
)
from support.kit_tests import SOURCES as KIT
from support.places import OWNERS, TESTS
from support.windows.cells import cells
from support.windows.launchers import LAUNCHERS
from support.windows.symptoms import SYMPTOMS


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
        *("driver", "framework", "server", "example", "sync_engine", "local_database"),
        *("windows_event_loop", "license"),
    ):
        offered, default = table[answer]
        for choice in choices(answer):
            assert choice in offered, (answer, choice)
        assert default == choices(answer)[0]


def test_the_readme_is_read_in_minutes() -> None:
    assert len((TEMPLATE / "README.md").read_text(encoding="utf-8").splitlines()) <= 180


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
    """Has what the tests expect of each service and loop."""
    outcomes: dict[str, list[str]] = {}
    for it in cells():
        service = f"{it.driver}, {it.framework}, {it.server}"
        outcomes.setdefault(service, []).append(it.outcome)
    assert rows("docs/event-loop.md", "driver, framework, server") == [
        [service, *found] for service, found in outcomes.items()
    ]


def test_the_table_of_symptoms() -> None:
    """Quotes what the tests look for, in their order; what none reproduces is said to be so."""
    table = documents.cells("docs/event-loop.md", "symptom")
    quoted = {
        row[-1].strip("`"): tuple(re.findall("`([^`]+)`", row[0]))
        for row in table
        if not row[-1].startswith("not reproduced: ")
    }
    assert list(quoted.items()) == list(SYMPTOMS.items())
    tests = [
        it.name
        for it in tree_of(TESTS / "test_symptoms.py").body
        if isinstance(it, ast.FunctionDef)
        and it.name.startswith("test_")
        and "symptoms" in [arg.arg for arg in it.args.args]
    ]
    assert tests == list(SYMPTOMS)


REQUESTS: dict[str, dict[str, list[str]]] = {
    "framework": {
        framework: ["goes on" if it else "is cancelled" for it in goes_on]
        for framework, goes_on in ABANDONED.items()
    },
    "server of a slow client": {
        server: [ends["head"], ends["body"]] for server, ends in SLOW_CLIENTS.items()
    },
    "server of a body that is too large": {
        server: [str(end)] for server, end in LARGE_BODIES.items()
    },
    "framework of a body that is `application/…+json`": {
        framework: ["yes" if it else "no"] for framework, it in READS_OTHER_JSON.items()
    },
    "server": {
        server: ["the signal's" if code is None else str(code) for code in codes]
        for server, codes in EXIT_CODES.items()
    },
}
"""What the tables of docs/requests.md must say, by their first headings."""


@pytest.mark.parametrize("heading", REQUESTS)
def test_the_tables_of_requests(heading: str) -> None:
    expected = REQUESTS[heading]
    assert rows("docs/requests.md", heading) == [[name, *it] for name, it in expected.items()]
    if heading.startswith("framework"):
        assert list(expected) == WEB_FRAMEWORKS
    else:
        assert list(expected) == list(
            dict.fromkeys(server_of(it, one) for it in WEB_FRAMEWORKS for one in choices("server"))
        )


def test_every_fault_is_a_promise() -> None:
    """Each module of tests/faults stands in docs/reliability.md, and nothing that is not there."""
    page = (TEMPLATE / "docs/reliability.md").read_text(encoding="utf-8")
    promises, _, _figures = page.partition("## Last figures")
    there = {path.name for path in (TEMPLATE / "tests/faults").glob("test_*.py")}
    elsewhere = {path.name for path in (TEMPLATE / "tests").glob("test_*.py")}
    named = set(re.findall(r"\btest_\w+\.py\b", promises))
    assert there <= named <= there | elsewhere


def test_the_map_of_tests() -> None:
    """Each module stands in tests/README.md, with the first line of its docstring, and no other."""
    page = (TESTS / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\S+\.py)` \| (.+) \|$", page, re.MULTILINE)
    there = {
        path.relative_to(TESTS).as_posix(): summary_of(path)
        for path in modules_of_tests()
        if path.name not in {"__init__.py", "conftest.py"}
    }
    assert len(named) == len(there)
    assert dict(named) == there
    for group in (TESTS / "support").rglob("__init__.py"):
        heading = group.parent.relative_to(TESTS).as_posix()
        assert f"### `{heading}/`\n\n{summary_of(group)}\n" in page


def test_no_module_imports_tests() -> None:
    """What two test modules need is support code."""
    for path in modules_of_tests():
        for it in ast.walk(tree_of(path)):
            names = [alias.name for alias in it.names] if isinstance(it, ast.Import) else []
            names += [it.module or ""] if isinstance(it, ast.ImportFrom) else []
            parts = {part for name in names for part in name.split(".")}
            assert not [part for part in parts if part.startswith("test_")], path


def modules_of_tests() -> list[Path]:
    """Return the modules of the template's tests, without the files that are put into projects."""
    return [path for path in sorted(TESTS.rglob("*.py")) if not {OWNERS, KIT} & {*path.parents}]


def tree_of(path: Path) -> ast.Module:
    """Return what a file has as Python."""
    return ast.parse(path.read_text(encoding="utf-8"))


def summary_of(path: Path) -> str:
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(tree_of(path)) or "").partition("\n")[0]
