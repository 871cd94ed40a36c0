"""Other versions of dependencies: the renders and the lines that break are named."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import dependencies
import pytest
from support.bake import ANSWERS, bake, choices

MYPY = "app/main.py:3: error: no such thing  [attr-defined]\nFound 1 error"
PYTEST = """
tests/conftest.py:20: in <module>
    from tests.support.client import open_client
app/main.py:40: in create_app
    app = Litestar(
E   TypeError: unexpected keyword argument
1 error in 1.05s
"""


def test_lines_of_ours_are_named() -> None:
    found = dependencies.told("mypy", CompletedProcess([], 1, MYPY, ""))
    assert list(found) == ["mypy: app/main.py:3: error: no such thing  [attr-defined]"]
    assert list(dependencies.told("pytest", CompletedProcess([], 1, PYTEST, ""))) == [
        "pytest: tests/conftest.py:20: in <module>",
        "pytest: app/main.py:40: in create_app",
        "pytest: TypeError: unexpected keyword argument",
    ]
    assert list(dependencies.told("pytest", CompletedProcess([], 0, "3 passed", ""))) == []
    assert list(dependencies.told("pytest", CompletedProcess([], 4, "", "no tests"))) == [
        "pytest: no tests"
    ]


def test_every_choice_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    tried = {word for variant in dependencies.RENDERS for word in variant}
    for answer in ("driver", "framework", "server", "jobs"):
        # What is not told is the default.
        assert {*choices(answer)[1:]} <= tried
    assert dependencies.main(["newest", "pymongo"]) == 1
    assert "No render has pymongo" in capsys.readouterr().out
    assert {*dependencies.PACKAGES} >= ANSWERS["_frameworks"].keys()


@pytest.mark.full
@pytest.mark.projects
@pytest.mark.parametrize("resolution", dependencies.RESOLUTIONS)
def test_a_render_that_breaks_is_found(
    resolution: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its main.py uses what FastAPI does not have, as if it were gone."""

    def bake_broken(output: Path, **answers: str) -> Path:
        project = bake(output, **answers)
        main = project / "app" / "main.py"
        text = main.read_text(encoding="utf-8")
        main.write_text(text.replace("app = FastAPI(", "app = FastAPI.made("), encoding="utf-8")
        return project

    monkeypatch.setattr(dependencies, "bake", bake_broken)
    monkeypatch.setattr(dependencies, "RENDERS", [("aiosqlite", "fastapi")])
    assert dependencies.main([resolution]) == 1
    said = capsys.readouterr().out
    assert "inside: app/main.py:" in said
    assert "Broken: aiosqlite fastapi" in said
