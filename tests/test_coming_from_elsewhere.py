"""docs/coming-from-elsewhere.md: what it names is there, and its command shows what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.bake import TEMPLATE, bake
from support.documents import cells
from support.pages import blocks
from support.windows.simulated import simulated
from support.windows.workbench import Workbench, on_workbench

PAGE = "docs/coming-from-elsewhere.md"
PLACE = re.compile(r"`((?:app|tests)/[\w/.]+|\.env\.example)`")
NAME = re.compile(r"`([A-Za-z_]\w*)(?:\(.*?\))?`")


def test_what_it_names_is_in_the_file_that_it_names(tmp_path: Path) -> None:
    project = bake(tmp_path)
    rows = cells(PAGE, "you know")
    assert len(rows) > 15
    for _, here, _ in rows:
        places = PLACE.findall(here)
        for place in places:
            assert (project / place).is_file(), place
        if len(places) == 1:
            text = (project / places[0]).read_text(encoding="utf-8")
            for name in NAME.findall(here.partition(f"(`{places[0]}`)")[0].rpartition(";")[2]):
                assert name in text, (name, places[0])


@pytest.mark.projects
@on_workbench
@simulated
def test_simulated_win32_shows_the_loop_with_the_header_and_without(workbench: Workbench) -> None:
    page = (TEMPLATE / PAGE).read_text(encoding="utf-8")
    [script] = [it.text for it in blocks(page) if it.language == "python"]
    [commands] = [it.text for it in blocks(page) if "show_loop" in it.text]
    for command, loop in zip(
        commands.splitlines(), ("ProactorEventLoop", "_WindowsSelectorEventLoop"), strict=True
    ):
        *_, last = command.split()
        code = f"import sys\nsys.argv[1:] = {[last] if last == 'header' else []}\n{script}"
        assert workbench.run(code).stdout.strip() == loop
        assert f"`{loop}`" in page
