"""Why Python, a server, Alembic or pytest may start with a file."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from .database_modules import DATABASE_MODULES
from .modules import is_standard, loaded_by
from .runners import calls_without_a_loop
from .source import LOOPS, Source, imported_modules

SCRIPT_FOLDERS = {"scripts", "bin"}
APPLICATIONS = {"app", "application"}
FRAMEWORKS = {
    *("FastAPI", "Litestar", "Starlette", "Quart", "Sanic", "Flask", "Blacksheep"),
    *("get_asgi_application", "get_wsgi_application"),
}
COMMAND_LINES = {"cyclopts", "typer"}
"""Their objects may be called `app`, too, and no server loads them."""
IS_TEST = re.compile(r"test_.*\.py|.*_test\.py")


@lru_cache(maxsize=1)
def reason(source: Source) -> str:
    """Return why `source` is an entry point, in words, or "" if it is none."""
    return next(_reasons(source), "")


def _reasons(source: Source) -> Iterator[str]:
    path = source.path
    modules = [module for node in source.imports for module in imported_modules(node)]
    if path.name == "conftest.py":
        yield "pytest starts with this file"
    if path.name == "env.py" and any(module.startswith("alembic.") for module in modules):
        yield "Alembic starts with this file"
    # pytest starts with conftest.py: what tests call starts nothing.
    if not IS_TEST.fullmatch(path.name):
        yield from (f"this file calls {name}()" for name, _ in calls_without_a_loop(source))
        if any(_is_application(source, node) for node in source.top_level()):
            yield "servers load the application from this file"
    why = _why_a_script(source)
    if why and _may_come_to_a_loop(source, loaded_by(source.place, modules)):
        yield why
    if _comes_before_the_header(source) and any(not is_standard(module) for module in modules):
        yield "Python runs this file before the header"


def _is_application(source: Source, node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        first = [argument.arg for argument in node.args.args[:1]]
        return node.name in APPLICATIONS and first in (["scope"], ["environ"])
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    called = node.value.func
    names = {getattr(target, "id", "") for target in targets}
    if source.full_name(called).partition(".")[0] in COMMAND_LINES:
        return False
    made = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return bool(APPLICATIONS & names) or made in FRAMEWORKS


def _why_a_script(source: Source) -> str:
    path = source.path
    tests = [node.test for node in source.tree.body if isinstance(node, ast.If)]
    names = {getattr(name, "id", "") for test in tests for name in ast.walk(test)}
    if "__name__" in names or path.name == "__main__.py":
        return "this file is run as a script"
    is_test = path.name == "__init__.py" or IS_TEST.fullmatch(path.name)
    if path.parent.name in SCRIPT_FOLDERS and not is_test:
        return f"the files in {path.parent.name} are run as scripts"
    return ""


def _may_come_to_a_loop(source: Source, loaded: set[str]) -> bool:
    """Return whether a script that loads these modules has a loop to choose."""
    if source.in_place:
        return bool(loaded & (LOOPS | DATABASE_MODULES))
    # Where every entry point has the header, one that is missing is hardly on purpose.
    return any(it == "asyncio" or not is_standard(it) for it in loaded)


def _comes_before_the_header(source: Source) -> bool:
    """Return whether `source` is the `__init__.py` of a package that has the header module."""
    if source.path.name != "__init__.py" or not source.header_file:
        return False
    packages = source.header_file.parents[: source.header_module.count(".")]
    return source.place.parent in packages
