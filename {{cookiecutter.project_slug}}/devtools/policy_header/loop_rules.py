"""The rules about loops: EL006 and EL007. Each yields lines and messages."""

import ast

from .rules import Findings
from .runners import RUNNERS, advice, calls_without_a_loop
from .source import Source

IGNORING_POLICIES = {"uvicorn.run"}
OTHER_FACTORIES = {"asyncio.new_event_loop", "uvloop.new_event_loop"}

LOOP_CALLS = {
    *RUNNERS,
    *("asyncio.get_event_loop", "asyncio.set_event_loop", "asyncio.set_event_loop_policy"),
    *("asyncio.new_event_loop", "uvloop.new_event_loop"),
}
LOOP_METHODS = {"run_until_complete", "run_forever", "shutdown_asyncgens"}
CAUGHT = {"RuntimeError", "Exception", "BaseException"}


def bypassed_factory(source: Source) -> Findings:
    """EL006: a loop is made past the header module.

    A policy is not enough: Python 3.16 has none, and uvicorn never asks for it (its
    loops/asyncio.py names ProactorEventLoop), so that the factory must be handed over.
    """
    for name, call in calls_without_a_loop(source):
        if name in IGNORING_POLICIES or not source.in_place:
            yield call.lineno, f"{name}() makes a loop itself; {advice(name, source)}"
    if not source.in_place:
        for node in source.nodes:
            if source.full_name(node) in OTHER_FACTORIES:
                name, header = source.full_name(node), source.header_module
                yield getattr(node, "lineno", 1), f"{name} is not the factory of {header}"


def swallowed_error(source: Source) -> Findings:
    """EL007: a RuntimeError of the loop is swallowed.

    "Event loop is closed" or "already running" means that a connection outlived its loop, or
    that loops are nested: the error goes, the leak stays. To ask asyncio.get_running_loop()
    in this way is fine.
    """
    for node in source.nodes:
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                if _swallows(handler) and any(_drives_a_loop(source, it) for it in node.body):
                    caught = "it" if handler.type is None else ast.unparse(handler.type)
                    yield handler.lineno, f"{caught} around a loop's calls is swallowed"
        elif isinstance(node, ast.With):
            for item in node.items:
                if _suppresses(source, item.context_expr) and any(
                    _drives_a_loop(source, it) for it in node.body
                ):
                    yield node.lineno, "RuntimeError around a loop's calls is suppressed"


def _names(node: ast.expr | None) -> set[str]:
    """Return the names of the caught classes; a bare `except` catches them all."""
    if node is None:
        return CAUGHT
    return {getattr(name, "id", "") for name in ast.walk(node)}


def _swallows(handler: ast.ExceptHandler) -> bool:
    idle = all(
        isinstance(step, ast.Pass | ast.Continue)
        or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for step in handler.body
    )
    return idle and bool(CAUGHT & _names(handler.type))


def _suppresses(source: Source, context: ast.expr) -> bool:
    if not isinstance(context, ast.Call):
        return False
    return source.full_name(context.func) == "contextlib.suppress" and any(
        CAUGHT & _names(argument) for argument in context.args
    )


def _drives_a_loop(source: Source, statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            if source.full_name(node.func) in LOOP_CALLS | {f"{source.header_module}.run"}:
                return True
            method = node.func if isinstance(node.func, ast.Attribute) else None
            if method and method.attr in LOOP_METHODS:
                return True
            if method and method.attr == "close" and "loop" in ast.unparse(method.value):
                return True
    return False
