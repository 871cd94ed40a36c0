"""HEAD is answered wherever GET is, in routes as owners add them.

The contract tests the projects' own routes, also of aiohttp and Sanic.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bake import ANSWERS, choices
from support.places import PROBES
from support.projects import Project, Variant, each

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
ROUTES = PROBES / "head_routes.py"
ASGI: list[Variant] = [
    (DRIVER, name) for name, it in ANSWERS["_frameworks"].items() if it["server"] == "asgi"
]


@pytest.mark.parametrize("variant", each(ASGI))
def test_owners_routes_answer_head(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = installed(variant)
    (tmp_path / "a.txt").write_text("a file", encoding="utf-8")
    command: list[str | Path] = [project.python, ROUTES, variant[1], tmp_path]
    told = json.loads(project.succeed(*command, PYTHONPATH=str(project.path)))
    heads, gets = told["HEAD"], told["GET"]
    assert not any(answer["size"] for answer in heads.values())
    for path in ("/new", "/nowhere"):
        assert heads[path] == gets[path] | {"size": 0}
    assert heads["/static/a.txt"]["status"] == 200
    assert heads["/static/a.txt"]["headers"]["content-length"] == "6"
    assert heads["/new"]["headers"]["content-length"] == str(gets["/new"]["size"])
    # A route of its own comes first.
    assert heads["/own-head"]["headers"]["x-own"] == "1"
    # A stream is not read to its end, which it may not have.
    assert heads["/endless"]["status"] == 200
    assert told["streamed"] == ["closed"]
    assert heads["/only-post"]["status"] == 405
    assert "POST" in heads["/only-post"]["headers"]["allow"]
