"""Every entry point chooses the event loop before it imports anything else."""

import ast
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
WITHOUT_LOOPS = sys.stdlib_module_names - {"asyncio"}


def test_entry_points_begin_with_the_event_loop() -> None:
    # The files that ruff checks: no virtual environment, nothing that git ignores.
    command = [sys.executable, "-m", "ruff", "check", "--show-files", str(PROJECT)]
    listed = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    for path in map(Path, listed.splitlines()):
        place = path.relative_to(PROJECT)
        if path.suffix == ".py" and place.parts[0] != "devtools":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            modules = _modules(tree)
            late = modules[:1] != ["app.event_loop"] and not WITHOUT_LOOPS.issuperset(modules)
            assert not (late and _is_entry_point(place, tree)), (
                f"{place} is an entry point: its first import must be from app.event_loop, "
                f"whose run() takes the place of asyncio.run()."
            )


def _modules(tree: ast.Module) -> list[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    nodes.sort(key=lambda node: node.lineno)
    names = [getattr(node, "module", node.names[0].name) or "." for node in nodes]
    return [name for name in names if name != "__future__"]


def _is_entry_point(place: Path, tree: ast.Module) -> bool:
    """Return whether Python, pytest, Alembic or a server may start with this file."""
    starts = [ast.unparse(node).partition(":")[0].partition(" = ")[0] for node in tree.body]
    if place.name == "__init__.py":
        return len(place.parts) == 2  # it runs before all that is beside it
    return (
        place.name in {"__main__.py", "conftest.py", "env.py"}
        or place.parts[0] == "scripts"
        or any(start.startswith("if __name__ ==") for start in starts)
        or (place.parts[0] != "tests" and not {"app", "application"}.isdisjoint(starts))
    )
