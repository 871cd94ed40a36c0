"""The cookbook: its recipes, the pages that show them, and what they print."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from support.bake import TEMPLATE

COOKBOOK = TEMPLATE / "docs" / "cookbook"
START = COOKBOOK / "README.md"
WITHOUT_A_PROJECT = COOKBOOK / "without_a_project.py"
_CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OUTPUT = re.compile(r"(?:^With ([\w, ]+):\n\n)?^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MEASURED = re.compile(r"[\d.,]+(?= (?:MiB|s)\b)")
_FROM_A_PROJECT = re.compile(r"^from app\.[\w.]+ import ", re.MULTILINE)


@dataclass(frozen=True)
class Recipe:
    """A file that runs, and the page that shows it."""

    file: Path

    @property
    def name(self) -> str:
        """Its name and the page's, without an extension."""
        return self.file.stem

    @cached_property
    def page(self) -> str:
        """The text of its page."""
        return self.file.with_suffix(".md").read_text(encoding="utf-8")

    @cached_property
    def is_notebook(self) -> bool:
        """Tell whether it runs in Jupyter."""
        return self.file.suffix == ".ipynb"

    @cached_property
    def _cells(self) -> list[dict[str, object]]:
        cells: list[dict[str, object]] = json.loads(self.file.read_text(encoding="utf-8"))["cells"]
        return cells

    @cached_property
    def code(self) -> str:
        """All of its code; of a notebook, cell by cell."""
        if not self.is_notebook:
            return self.file.read_text(encoding="utf-8")
        cells = [_source(it) for it in self._cells if it["cell_type"] == "code"]
        return "".join(f"{cell}\n\n" for cell in cells)

    def head(self, name: str) -> list[str]:
        """Return what stands behind `name` in its docstring, or in a notebook's first cell."""
        text = _source(self._cells[0]) if self.is_notebook else _docstring(self.code)
        found = re.search(rf"^{name}: (.+)$", text, re.MULTILINE)
        return found[1].split(", ") if found else []

    def needs_project(self) -> bool:
        """Tell whether `without_a_project.py` is not enough for it."""
        return "a project" in self.head("Needs")

    def code_without_a_project(self) -> str:
        """Return its code with the imports that a reader without a project writes."""
        return _FROM_A_PROJECT.sub(f"from {WITHOUT_A_PROJECT.stem} import ", self.code)

    def shown(self) -> list[str]:
        """Return the blocks of code on its page."""
        return _CODE.findall(self.page)

    def promised(self, driver: str) -> list[str]:
        """Return the lines that its page says are printed with `driver`, without what is measured.

        Blocks of text that are not only for other drivers.
        """
        return unmeasured(
            "".join(
                text
                for drivers, text in _OUTPUT.findall(self.page)
                if driver in self._drivers_of(drivers)
            )
        )

    def _drivers_of(self, said: str) -> list[str]:
        own = {it for them, _ in _OUTPUT.findall(self.page) for it in re.split(r", | and ", them)}
        return re.split(r", | and ", said) if said else [*({*self.head("Drivers")} - own)]


def unmeasured(text: str) -> list[str]:
    """Return the lines of `text` without figures that differ from run to run."""
    return _MEASURED.sub("…", text).splitlines()


def recipes() -> list[Recipe]:
    """Return all recipes, by their names."""
    files = [path for path in COOKBOOK.iterdir() if path.suffix in {".py", ".ipynb"}]
    return [Recipe(path) for path in sorted(files) if path != WITHOUT_A_PROJECT]


def _source(cell: dict[str, object]) -> str:
    lines = cell["source"]
    assert isinstance(lines, list)
    return "".join(lines)


def _docstring(code: str) -> str:
    return ast.get_docstring(ast.parse(code)) or ""
