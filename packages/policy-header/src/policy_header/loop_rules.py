"""The rule about loops, EL006. It yields lines and messages."""

import ast
from collections.abc import Iterator

from .rules import Findings
from .runners import POLICY_IGNORED, advice, calls_without_a_loop
from .source import Source

OTHER_FACTORIES = {
    f"{module}.{name}"
    for module in ("asyncio", "uvloop", "winloop")
    for name in ("new_event_loop", "Loop", "SelectorEventLoop", "ProactorEventLoop")
}
NESTING = {"nest_asyncio.apply", "nest_asyncio2.apply"}


def bypassed_factory(source: Source) -> Findings:
    """EL006: a loop is made past the header module.

    A policy is not enough: Python 3.16 has none, and uvicorn never asks for it (its
    loops/asyncio.py names ProactorEventLoop), so that the factory must be handed over.
    """
    for name, call in calls_without_a_loop(source):
        if name in POLICY_IGNORED or not source.in_place:
            yield call.lineno, f"{name}() makes a loop itself; {advice(name, source)}"
    for name, call in source.calls:
        if name in NESTING:
            yield call.lineno, f"{name}() lets loops nest, whoever made them; await instead"
    if not source.in_place:
        for node, name in _other_factories(source):
            yield getattr(node, "lineno", 1), f"{name} is not the factory of {source.header_module}"


def _other_factories(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield what makes a loop, or is handed over to make one, with its name."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = source.full_name(node.func)
            made_on_load = name == "asyncio.get_event_loop" and source.runs_on_load(node)
            if name in OTHER_FACTORIES or made_on_load:
                yield node, name
        elif isinstance(node, ast.keyword) and source.full_name(node.value) in OTHER_FACTORIES:
            yield node.value, source.full_name(node.value)
