"""Find entry points that do not begin with the policy-first header.

    python devtools/check_policy_header.py [PATH ...]

An entry point is a file that Python, Alembic, pytest or a server starts with. Its first
import must be `app.event_loop`, so that the event loop is chosen before anything else is
loaded. A script that imports nothing but the standard library, and not asyncio, has no
loop to choose. Prints file, line and reason of each finding; the exit code is then 1.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

HEADER_MODULE = "app.event_loop"
STARTED_BY_TOOLS = {"conftest.py": "pytest", "env.py": "Alembic"}
APPLICATIONS = {"app", "application"}
WITHOUT_A_LOOP = sys.stdlib_module_names - {"asyncio"} | {"devtools"}
SKIPPED = {".venv", ".local", ".git", "build", "dist", "node_modules", "site-packages"}


def main(arguments: list[str]) -> int:
    """Check the files below the paths in `arguments`, or below this directory."""
    findings = 0
    for path in sorted(_python_files(arguments or ["."])):
        for line, reason in check(path.read_text(encoding="utf-8"), path.name):
            print(f"{path}:{line}: {reason}")
            findings += 1
    return int(findings > 0)


def check(source: str, file_name: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the reason of each finding in a file's `source`.

    Raises SyntaxError if it is not Python.
    """
    module = ast.parse(source)
    why = next(_reasons_to_be_an_entry_point(module, file_name), None)
    imports = [node for node in module.body if _imports(node)]
    if why and (not imports or not _is_header(imports[0])):
        line = imports[0].lineno if imports else 1
        yield line, f"{why}, so its first import must be {HEADER_MODULE}"


def _reasons_to_be_an_entry_point(module: ast.Module, file_name: str) -> Iterator[str]:
    if file_name in STARTED_BY_TOOLS:
        yield f"{STARTED_BY_TOOLS[file_name]} starts with this file"
    for node in module.body:
        if isinstance(node, ast.If) and "__name__" in _names(node.test) and _may_use_a_loop(module):
            yield "this file is run as a script"
        if isinstance(node, ast.Assign) and APPLICATIONS & set(_names(*node.targets)):
            yield "servers load the application from this file"


def _may_use_a_loop(module: ast.Module) -> bool:
    imported: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    return bool(imported - WITHOUT_A_LOOP)


def _imports(node: ast.stmt) -> bool:
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return isinstance(node, ast.Import | ast.ImportFrom) and not future


def _is_header(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == HEADER_MODULE and not node.level
    return isinstance(node, ast.Import) and node.names[0].name == HEADER_MODULE


def _names(*nodes: ast.AST) -> list[str]:
    found = (child for node in nodes for child in ast.walk(node))
    return [node.id for node in found if isinstance(node, ast.Name)]


def _python_files(paths: list[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        files = path.rglob("*.py") if path.is_dir() else [path]
        yield from (file for file in files if not SKIPPED & set(file.parts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
