"""The cost of invalid bodies, in routes as owners add them: no more than that of a valid one.

The contract has the sizes of what all frameworks answer. Litestar's validation, which is msgspec's,
ends with the first mistake by itself; aiohttp and Sanic read bodies as Starlette does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.bake import choices
from support.http.contract import MAX_PROBLEM
from support.places import PROBES
from support.probes.bulk_routes import BODIES
from support.projects import Project, Variant, each

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
MAX_MEMORY = 100
"""MB, for a body of one."""
ROUTES = PROBES / "bulk_routes.py"
FRAMEWORKS: list[Variant] = [(DRIVER, name) for name in ("fastapi", "quart", "starlette")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no module resource.")
@pytest.mark.parametrize("variant", each(FRAMEWORKS, usual=FRAMEWORKS[:1]))
def test_mistakes_cost_no_more_than_what_is_right(
    variant: Variant,
    installed: Callable[[Variant], Project],
    record_property: Callable[[str, object], None],
) -> None:
    project = installed(variant)

    def sent(body: str) -> dict[str, Any]:
        command: list[str | Path] = [project.python, ROUTES, variant[1], body]
        told: dict[str, Any] = json.loads(project.succeed(*command, PYTHONPATH=str(project.path)))
        return told

    answers = {body: sent(body) for body in BODIES}
    valid = answers.pop("valid")
    assert valid["status"] == 200
    assert {answer["status"] for answer in answers.values()} == {422}
    assert max(answer["size"] for answer in answers.values()) <= MAX_PROBLEM
    # A list of all mistakes takes 700.
    assert max(answer["peak"] for answer in answers.values()) < MAX_MEMORY
    seconds = {
        body: round(answer["seconds"] / valid["seconds"], 1) for body, answer in answers.items()
    }
    record_property("figures", f"processor, in terms of a valid body's: {seconds}")
