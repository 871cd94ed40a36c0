"""A file of Python as the rules see it: its imports, its calls and what stands around them."""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
UNREADABLE = (SyntaxError, ValueError, LookupError, RecursionError, MemoryError)
"""What Python raises for a source that it cannot decode or parse."""

STARRED = (
    *("ProactorEventLoop", "Runner", "SelectorEventLoop", "get_event_loop", "get_running_loop"),
    *("get_event_loop_policy", "new_event_loop", "run", "set_event_loop", "set_event_loop_policy"),
    *("WindowsProactorEventLoopPolicy", "WindowsSelectorEventLoopPolicy"),
)
"""What `from asyncio import *` may bring, of what the rules look at."""

LOOPS = {"anyio", "asyncio", "uvloop", "winloop"}
"""Modules that make event loops."""

Import = ast.Import | ast.ImportFrom


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file, with its line ends, and its encoding.

    Raises one of `UNREADABLE`.
    """
    # detect_encoding() knows no carriage return without a line feed; Python does.
    lines = io.BytesIO(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    encoding, _ = tokenize.detect_encoding(lines.readline)
    return data.decode(encoding), encoding


def parse(text: str) -> ast.Module:
    """Parse the text of a file; raise one of `UNREADABLE` if it is no Python."""
    with warnings.catch_warnings():
        # About its escape sequences, for example: not our subject.
        warnings.simplefilter("ignore")
        return ast.parse(text)


def imported_modules(node: Import) -> list[str]:
    """Return what `node` imports, in its order: for `from a import b` this is `a.b`.

    A relative name keeps its dots.
    """
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    start = "." * node.level + (node.module or "")
    joint = "." if node.module else ""
    return [f"{start}{joint}{alias.name}" for alias in node.names]


@dataclass(frozen=True)
class Source:
    """A parsed file, and which header it shall have."""

    path: Path
    text: str
    tree: ast.Module
    header_module: str
    header_file: Path | None
    """The file of the header module, if this code base has one."""
    in_place: bool
    """Whether setting the policy in place is a header, too, for want of a header module."""
    base: Path | None = None
    """The folder of the whole code base, if it is known."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines as Python counts them; `str.splitlines` knows more line ends."""
        return io.StringIO(self.text, newline=None).readlines()

    @cached_property
    def place(self) -> Path:
        """The path, with no symbolic link and no `..` in it."""
        return self.path.resolve()

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        parents: dict[ast.AST, ast.AST] = {}
        nodes: list[ast.AST] = [self.tree]
        for node in nodes:
            for child in ast.iter_child_nodes(node):
                parents[child] = node
                nodes.append(child)
        return parents

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, in no useful order."""
        return list(self._parents)

    @cached_property
    def imports(self) -> list[Import]:
        """All imports but those from `__future__`, from the first line to the last."""
        found = (node for node in self.nodes if isinstance(node, Import))
        return sorted(
            (node for node in found if imported_modules(node)[0].partition(".")[0] != "__future__"),
            key=lambda node: (node.lineno, node.col_offset),
        )

    @cached_property
    def imports_on_load(self) -> list[Import]:
        """Those of the imports that importing the file executes."""
        return [node for node in self.imports if self.runs_on_load(node)]

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """All calls of something that was imported, under its full name, in their order."""
        calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        calls.sort(key=lambda node: (node.lineno, node.col_offset))
        return [(name, node) for node in calls if (name := self.full_name(node.func))]

    @cached_property
    def _meanings(self) -> dict[str, str]:
        meanings: dict[str, str] = {}
        for node in self.imports:
            for alias, module in zip(node.names, imported_modules(node), strict=True):
                if module == "asyncio.*":
                    meanings |= {name: f"asyncio.{name}" for name in STARRED}
                top = module if isinstance(node, ast.ImportFrom) else module.partition(".")[0]
                meanings[alias.asname or top.rpartition(".")[2]] = module if alias.asname else top
        for step in self.top_level():
            # A name of one's own for it: `start = asyncio.run`.
            if isinstance(step, ast.Assign) and (meaning := _meaning(step.value, meanings)):
                meanings |= {it.id: meaning for it in step.targets if isinstance(it, ast.Name)}
        return meanings

    def full_name(self, node: ast.AST) -> str:
        """Return `asyncio.run` for whatever means that here, and "" for what was not imported."""
        return _meaning(node, self._meanings)

    def top_level(self) -> Iterator[ast.stmt]:
        """Yield the statements in no function and no class, also those in an `if` or `try`."""
        waiting = [*self.tree.body]
        while waiting:
            node = waiting.pop(0)
            yield node
            if not isinstance(node, SCOPES):
                waiting += [it for it in ast.iter_child_nodes(node) if isinstance(it, ast.stmt)]

    def around(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Yield what encloses `node`, from the inside, each with its child on the way."""
        while parent := self._parents.get(node):
            yield parent, node
            node = parent

    def is_in_function(self, node: ast.AST) -> bool:
        """Return whether `node` waits for a call."""
        return any(isinstance(parent, FUNCTIONS) for parent, _ in self.around(node))

    def runs_on_load(self, node: ast.AST) -> bool:
        """Return whether importing the file executes `node`: in no function, not for types only."""
        for_types = any(_is_for_types(parent, child) for parent, child in self.around(node))
        return not for_types and not self.is_in_function(node)


def _meaning(node: ast.AST, meanings: dict[str, str]) -> str:
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        elif found := named_attribute(node):
            names.insert(0, found[1])
            node = found[0]
        else:
            return ""
    if node.id not in meanings:
        return ""
    names.insert(0, meanings[node.id])
    # asyncio.events.new_event_loop is asyncio.new_event_loop.
    return f"asyncio.{names[-1]}" if names[0] == "asyncio" and names[1:] else ".".join(names)


def named_attribute(node: ast.AST) -> tuple[ast.expr, str] | None:
    """Return the object and the name in `getattr(asyncio, "run")`, if `node` is such a call."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
        match node.args:
            case [thing, ast.Constant(value=str(name)), *_]:
                return thing, name
    return None


def _is_for_types(branch: ast.AST, child: ast.AST) -> bool:
    if not isinstance(branch, ast.If):
        return False
    test = branch.test
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING" and child in branch.body
