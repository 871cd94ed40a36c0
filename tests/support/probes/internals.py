"""Run in a project: what its code uses of other packages' inside, and what of that is not there.

    python internals.py [--gone NAME] FOLDER PACKAGE …

Prints a line for each use, by a file in the folder, that no longer has its object: file, line, and
what is missing. `--gone` lets a name be missing everywhere, to prove that its uses would be found.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

GONE: set[str] = set()
MISSING = object()
OF_PYTHON = {"SIGBREAK", "levelname", "levelno"}
"""What Python itself has on Windows only, or only in instances."""


def main(arguments: list[str]) -> None:
    """Print what is missing of the packages, in all files that import one of them."""
    if arguments[:1] == ["--gone"]:
        GONE.add(arguments[1])
        arguments = arguments[2:]
    folder, *packages = arguments
    for path in sorted(Path(folder).rglob("*.py")):
        file = File(path, {*packages})
        for line, text in sorted(file.missing()):
            print(f"{path.as_posix()}:{line}: {text}")
        for override in file.overrides:
            print(f"overrides {override}")


class File:
    """A file of the project, and what its names from the packages stand for."""

    def __init__(self, path: Path, packages: set[str]) -> None:
        """Read it."""
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.packages = packages
        # There are no other packages beside Python's own, so each attribute must be known.
        self.of_server = path.is_relative_to("app/kit/commands")
        self.known: dict[str, Any] = {}
        self.used: set[str] = set()
        self.overrides: list[str] = []

    def missing(self) -> Iterator[tuple[int, str]]:
        """Yield the line and the description of each use whose object is gone."""
        yield from self._imports()
        if not self.used:
            return
        names = (universe(frozenset(self.used)) | OF_PYTHON) - GONE if self.of_server else set()
        options = self._options()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                if (found := self._resolve(node)) is MISSING:
                    yield node.lineno, f"`{ast.unparse(node)}` is gone"
                elif self.of_server and found is None and node.attr not in names:
                    yield node.lineno, f"nothing has an attribute `{node.attr}`"
            elif isinstance(node, ast.Call):
                yield from self._call(node, self._resolve(node.func), options)
            elif isinstance(node, ast.ClassDef):
                yield from self._class(node)

    def _imports(self) -> Iterator[tuple[int, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] in self.packages:
                        self.used.add(alias.name.partition(".")[0])
                        self.known[alias.asname or alias.name] = module(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                package = node.module.partition(".")[0]
                if package not in self.packages:
                    continue
                self.used.add(package)
                for alias in node.names:
                    found = attribute(module(node.module), alias.name)
                    if found is MISSING:
                        found = module(f"{node.module}.{alias.name}")
                    if found is MISSING:
                        yield alias.lineno, f"`{node.module}` has no `{alias.name}`"
                    else:
                        self.known[alias.asname or alias.name] = found

    def _resolve(self, node: ast.expr) -> Any:
        """Return what an expression stands for, MISSING if that is gone, None if it is unknown."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._resolve(node.value)
            if owner is MISSING or owner is None:
                return None  # told where it began, or nothing to be known
            if inspect.ismodule(owner) or inspect.isclass(owner):
                found = attribute(owner, node.attr)
                # What instances only get when they are made is not in their class.
                late = found is MISSING and inspect.isclass(owner)
                set_late = given(owner) - GONE if late else set()  # type: ignore[arg-type]  # a class is hashable
                return None if node.attr in set_late else found
        return None

    def _options(self) -> dict[str, list[str]]:
        """Return the keys of dictionaries that are given names, by the names."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                keys = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
                found[ast.unparse(target)] = [str(key) for key in keys]
        return found

    def _call(
        self, node: ast.Call, called: Any, options: dict[str, list[str]], *, bound: bool = False
    ) -> Iterator[tuple[int, str]]:
        if called is None or called is MISSING or not callable(called):
            return
        if any(isinstance(it, ast.Starred) for it in node.args):
            return
        keywords = [it.arg for it in node.keywords if it.arg]
        for it in node.keywords:
            if not it.arg:
                keywords += options.get(ast.unparse(it.value), [])
        try:
            signature = inspect.signature(called)
        except (TypeError, ValueError):
            return
        kept = [it for it in signature.parameters.values() if it.name not in GONE]
        try:
            signature.replace(parameters=kept).bind_partial(
                *([None] * (len(node.args) + bound)), **dict.fromkeys(keywords)
            )
        except TypeError as error:
            yield node.lineno, f"`{ast.unparse(node.func)}()`: {error}"

    def _class(self, node: ast.ClassDef) -> Iterator[tuple[int, str]]:
        # Also `Generic[Any]`.
        named = [it.value if isinstance(it, ast.Subscript) else it for it in node.bases]
        bases = [it for it in map(self._resolve, named) if inspect.isclass(it)]
        if not bases:
            return
        [base, *_] = bases
        own = {it.attr for it in ast.walk(node) if is_own(it) and isinstance(it.ctx, ast.Store)}
        own |= {
            it.name for it in node.body if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        own |= {
            it.target.id
            for it in node.body
            if isinstance(it, ast.AnnAssign) and isinstance(it.target, ast.Name)
        }
        theirs = ({*dir(base)} | given(base)) - GONE  # type: ignore[arg-type]  # as above
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in theirs:
                self.overrides.append(f"{base.__name__}.{method.name}")
        for it in ast.walk(node):
            if is_own(it) and it.attr not in own | theirs:
                yield it.lineno, f"`{base.__name__}` has no `{it.attr}`"
            elif isinstance(it, ast.Call) and isinstance(it.func, ast.Attribute):
                of_super = it.func.value
                if isinstance(of_super, ast.Call) and ast.unparse(of_super) == "super()":
                    found = attribute(base, it.func.attr)
                    if found is MISSING:
                        yield it.lineno, f"`{base.__name__}` has no `{it.func.attr}`"
                    else:
                        yield from self._call(it, found, {}, bound=True)


def is_own(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Tell whether it is an attribute of `self`."""
    return isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"


def module(name: str) -> Any:
    """Return a module, or MISSING."""
    if name.rpartition(".")[2] in GONE:
        return MISSING
    try:
        return importlib.import_module(name)
    except ImportError:
        return MISSING


def attribute(owner: Any, name: str) -> Any:
    """Return an attribute, or MISSING."""
    return MISSING if owner is MISSING or name in GONE else getattr(owner, name, MISSING)


@cache
def given(kind: Any) -> set[str]:
    """Return the attributes that the methods of a class, and of those that it is made of, set."""
    found: set[str] = set()
    for one in kind.__mro__:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
        except (OSError, TypeError, SyntaxError):
            continue
        found |= {it.attr for it in ast.walk(tree) if is_own(it)}
        found |= {*getattr(one, "__annotations__", {})}
    return found


@cache
def universe(packages: frozenset[str]) -> set[str]:
    """Return all names of attributes that are defined in packages, in `app` and in Python."""
    found = {name for kind in (str, bytes, dict, list, set, tuple, object) for name in dir(kind)}
    found |= {
        name for kind in (BaseException, BaseExceptionGroup, type(main)) for name in dir(kind)
    }
    places = [Path("app")]
    for package in packages:
        spec = importlib.util.find_spec(package)
        places += map(Path, (spec.submodule_search_locations if spec else None) or [])
    for place in places:
        for path in place.rglob("*.py"):
            found |= defined(
                ast.parse(path.read_text(encoding="utf-8")), itself=place == Path("app")
            )
    for name in [*sys.stdlib_module_names]:
        if name in sys.modules:
            found |= set(dir(sys.modules[name]))
            found |= {
                attr
                for it in vars(sys.modules[name]).values()
                if isinstance(it, type)
                for attr in dir(it)
            }
    return found


def defined(tree: ast.AST, *, itself: bool) -> set[str]:
    """Return the names that a file defines as attributes; `itself` if it is one of the project."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= {node.name}
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            # What ours sets on an object of theirs must be theirs, still.
            if not itself or is_own(node):
                found.add(node.attr)
        elif isinstance(node, ast.AnnAssign | ast.arg):
            found.add(ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else node.arg)
        elif isinstance(node, ast.Assign):
            found |= {it.id for it in node.targets if isinstance(it, ast.Name)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not itself:
            found.add(node.value)  # __slots__, and names that are set with setattr()
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
