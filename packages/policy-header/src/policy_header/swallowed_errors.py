"""The rule about errors of the loop that nobody sees, EL007. It yields lines and messages."""

import ast
import re
from collections.abc import Iterator

from .code_bases import depends_on_the_loop
from .database_modules import DATABASE_MODULES
from .rules import Findings
from .runners import RUNNERS
from .source import Source, imported_modules

LOOP_CALLS = {
    *RUNNERS,
    *("asyncio.get_event_loop", "asyncio.set_event_loop", "asyncio.set_event_loop_policy"),
    *("asyncio.new_event_loop", "uvloop.new_event_loop"),
}
LOOP_METHODS = {"run_until_complete", "run_forever", "shutdown_asyncgens"}
QUERIES = {
    *("commit", "copy_records_to_table", "dispose", "execute", "executemany", "fetch", "fetchall"),
    *("fetchmany", "fetchone", "fetchrow", "fetchval", "flush", "rollback", "run_sync", "scalar"),
    *("scalar_one", "scalar_one_or_none", "scalars", "stream", "stream_scalars"),
}
"""Methods of sessions, connections and cursors that go to the database."""
_THING = r"(?i)(^|[._])(async_?)?(%s)([._(]|$)"
ONLY_A_DATABASE = re.compile(_THING % "db|database|engine|cursor|sessionmaker|uow")
DATABASE_THING = re.compile(
    _THING % "db|database|engine|cursor|sessionmaker|uow|pool|conn|connection|cur|sessions?|tx"
)
HTTP = {"aioboto3", "aiobotocore", "aiohttp", "httpx", "httpx2", "requests", "websockets"}
OF_THE_LOOP = {"RuntimeError"}
OF_ALL = {"Exception", "BaseException"}
LOGGING = {
    *("critical", "debug", "error", "exception", "info", "log", "print", "warn", "warning"),
}


def swallowed_error(source: Source) -> Findings:
    """EL007: a RuntimeError of the loop is swallowed.

    "Event loop is closed", "attached to a different loop" or "already running" means that a
    connection outlived its loop, or that loops are nested: the error goes, the leak stays. To
    ask asyncio.get_running_loop() in this way is fine.
    """
    for node in source.nodes:
        for line, caught, steps in _hidden(source, node):
            if what := _risked(source, steps):
                yield line, f"{caught} around {what} is swallowed"


def _hidden(source: Source, node: ast.AST) -> Iterator[tuple[int, str, list[ast.stmt]]]:
    """Yield the line that hides errors, what it hides, and the steps whose errors they are."""
    if isinstance(node, ast.Try | ast.TryStar):
        for handler in node.handlers:
            if _swallows(source, handler):
                caught = "it" if handler.type is None else ast.unparse(handler.type)
                yield handler.lineno, caught, node.body
    elif isinstance(node, ast.With | ast.AsyncWith):
        if any(_suppresses(source, it.context_expr) for it in node.items):
            yield node.lineno, "RuntimeError", node.body
    elif (
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "enter_context"
        and any(_suppresses(source, it) for it in node.args)
    ):
        yield node.lineno, "RuntimeError", _function_around(source, node)


def _function_around(source: Source, node: ast.AST) -> list[ast.stmt]:
    parents = (parent for parent, _ in source.around(node))
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)
    return next((it.body for it in parents if isinstance(it, scopes)), [])


def _swallows(source: Source, handler: ast.ExceptHandler) -> bool:
    """Return whether `handler` hides a RuntimeError from everybody.

    What names it may not go on as if nothing had happened, with a line in the log or without;
    of what catches all errors only that which says nothing is meant.
    """
    names = OF_ALL if handler.type is None else _names(source, handler.type)
    if OF_THE_LOOP & names:
        return all(_is_idle(step) or _goes_on(step) for step in handler.body)
    return bool(OF_ALL & names) and all(_is_idle(step) for step in handler.body)


def _names(source: Source, node: ast.expr) -> set[str]:
    """Return the names of the caught classes, also of a tuple that has a name."""
    found = {getattr(it, "id", "") or getattr(it, "attr", "") for it in ast.walk(node)}
    for assigned in source.tree.body:
        if isinstance(assigned, ast.Assign | ast.AnnAssign) and assigned.value:
            targets = assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target]
            if found & {getattr(target, "id", "") for target in targets}:
                found |= {getattr(it, "id", "") for it in ast.walk(assigned.value)}
    return found


def _is_idle(step: ast.stmt) -> bool:
    return isinstance(step, ast.Pass | ast.Continue) or (
        isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)
    )


def _goes_on(step: ast.stmt) -> bool:
    """Return whether it ends the handler, notes something or sets it to nothing."""
    if isinstance(step, ast.Break):
        return True
    if isinstance(step, ast.Return | ast.Assign):
        return step.value is None or _is_nothing(step.value)
    called = getattr(step.value, "func", None) if isinstance(step, ast.Expr) else None
    return (getattr(called, "attr", "") or getattr(called, "id", "")) in LOGGING


def _is_nothing(node: ast.expr) -> bool:
    """Return whether `node` is a constant or an empty collection."""
    empty = isinstance(node, ast.List | ast.Tuple | ast.Set) and not node.elts
    return isinstance(node, ast.Constant) or empty or (isinstance(node, ast.Dict) and not node.keys)


def _suppresses(source: Source, context: ast.expr) -> bool:
    if not isinstance(context, ast.Call):
        return False
    return source.full_name(context.func) == "contextlib.suppress" and any(
        (OF_THE_LOOP | OF_ALL) & _names(source, argument) for argument in context.args
    )


def _risked(source: Source, steps: list[ast.stmt]) -> str:
    """Return what the steps do that can fail because of the loop, in words, or ""."""
    nodes = [node for step in steps for node in _walk(step)]
    if any(_drives_a_loop(source, node) for node in nodes):
        return "a loop's calls"
    things = _names_of_things(source)
    # Elsewhere the name alone says too little.
    by_name = depends_on_the_loop(source)
    return "a query" if any(_is_query(node, things, by_name=by_name) for node in nodes) else ""


def _names_of_things(source: Source) -> re.Pattern[str]:
    """Return what the names of sessions and connections look like in this file."""
    modules = {name.partition(".")[0] for node in source.imports for name in imported_modules(node)}
    # A session or a connection may be one of HTTP, too.
    return ONLY_A_DATABASE if modules & HTTP and not modules & DATABASE_MODULES else DATABASE_THING


def _walk(step: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs in `step`: what is only defined there does not."""
    waiting = [step]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _drives_a_loop(source: Source, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if source.full_name(node.func) in LOOP_CALLS | {f"{source.header_module}.run"}:
        return True
    if not isinstance(node.func, ast.Attribute):
        return False
    method, of_what = node.func.attr, ast.unparse(node.func.value).lower()
    return (
        method in LOOP_METHODS
        or (method == "close" and "loop" in of_what)
        or (method == "run" and "runner" in of_what)
    )


def _is_query(node: ast.AST, things: re.Pattern[str], *, by_name: bool) -> bool:
    """Return whether a coroutine waits for the database here, by the names of what it calls."""
    waited_for: list[ast.expr] = []
    if isinstance(node, ast.AsyncWith):
        waited_for = [it.context_expr for it in node.items]
    elif isinstance(node, ast.AsyncFor):
        waited_for = [node.iter]
    elif isinstance(node, ast.Await):
        waited_for = [node.value]
    return any(_is_of_a_database(it, things, by_name=by_name) for it in waited_for)


def _is_of_a_database(node: ast.expr, things: re.Pattern[str], *, by_name: bool) -> bool:
    if not isinstance(node, ast.Call):
        return by_name and bool(things.search(ast.unparse(node)))
    called = node.func if isinstance(node.func, ast.Attribute) else None
    named = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
    if called and called.attr in QUERIES:
        return by_name or bool(things.search(ast.unparse(called.value)))
    return by_name and any(
        things.search(ast.unparse(it))
        for it in named
        if isinstance(it, ast.Name | ast.Attribute | ast.Call)
    )
