"""A failure of the database means the same with each of its drivers; all are provoked for real."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from support.bake import ANSWERS, choices
from support.databases.real import server_for
from support.places import PROBES
from support.projects import Project, Variant, each

pytestmark = pytest.mark.projects

CONFLICT = {"taken", "23503", "23505", "23P01", "1062", "1451", "1452"}
UNSTORABLE = {
    *("22P05", "not in LATIN1"),
    *("1366", "3988", "not in latin1", "not in utf8mb3"),
}
UNAVAILABLE = {
    *("a statement that takes too long", "deadlock", "ended by an administrator"),
    *("25006", "25006, really", "25P03", "25P04", "28000", "28P01", "40001", "40P01", "55P03"),
    *("53000", "53100", "53200", "53300", "53400"),
    *("57000", "57014", "57P01", "57P02", "57P03", "57P04", "57P05"),
    *("cancelled by an administrator", "conflicting updates", "idle in a transaction"),
    "too much temporary space",
    *("1020", "1021", "1037", "1040", "1041", "1045", "1053", "1114", "1203", "1205", "1213"),
    *("1226", "1290", "1317", "1698", "1836", "1969", "3024", "3572"),
}
"""What is neither, and no failure to connect, is a mistake of ours."""
SERVERS = [
    (driver, choices("framework")[0]) for driver, it in ANSWERS["_drivers"].items() if it["port"]
]


@pytest.mark.parametrize("variant", each(SERVERS))
def test_a_failure_means_the_same_with_each_driver(
    variant: Variant, installed: Callable[[Variant], Project]
) -> None:
    project = installed(variant)
    database = ANSWERS["_drivers"][project.driver]["database"]
    script = PROBES / f"failures_{database}.py"
    with server_for(project.driver) as url:
        path = str(project.path)
        told = project.succeed(project.python, script, DATABASE_URL=url, PYTHONPATH=path)
    found: dict[str, str] = json.loads(told)
    assert len(found) > 60
    assert found == {name: expected(name) for name in found}


def expected(name: str) -> str:
    """Return what a failure means."""
    meanings = {"CONFLICT": CONFLICT, "UNSTORABLE": UNSTORABLE, "UNAVAILABLE": UNAVAILABLE}
    if name.startswith("connect: "):
        return "UNAVAILABLE"
    return next((it for it, names in meanings.items() if name in names), "UNEXPECTED")
