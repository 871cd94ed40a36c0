"""Functions that make an event loop and run it, unless they are given one."""

import ast
from collections.abc import Iterator

from .source import Source

RUNNERS = {
    "aiohttp.web.run_app": "loop",
    "anyio.run": "backend_options",
    "asyncio.Runner": "loop_factory",
    "asyncio.run": "loop_factory",
    "uvicorn.run": "loop",
    "uvloop.run": "loop_factory",
}
"""Each with the argument that takes a loop, or what makes one."""

ADVICE = {
    "aiohttp.web.run_app": "give it {}.new_event_loop() as loop=",
    "asyncio.Runner": "give it {}.new_event_loop as loop_factory=",
    "uvicorn.run": 'give it "{}:new_event_loop" as loop=',
}
"""What to do where the header module has the name that stands in the braces."""

USUAL_ADVICE = "call {}.run in its place"
"""That of the others: asyncio.run() takes a factory only from Python 3.12 on."""

CHOOSING_NOTHING = {None, "auto", "asyncio", "none"}
"""Values of that argument that leave the choice to the callee."""


def calls_without_a_loop(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that leave the loop to the callee, with the callee's name."""
    for name, call in source.calls:
        if name in RUNNERS and not _gives(call, RUNNERS[name]):
            yield name, call


def advice(name: str, source: Source) -> str:
    """Return what to do instead of calling the function `name` as it is called."""
    if source.in_place:
        return f"give it a factory as {RUNNERS[name]}="
    return ADVICE.get(name, USUAL_ADVICE).format(source.header_module)


def _gives(call: ast.Call, argument: str) -> bool:
    """Return whether `call` gives `argument`, perhaps among `**options`."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if argument not in given:
        return None in given
    value = given[argument]
    return not isinstance(value, ast.Constant) or value.value not in CHOOSING_NOTHING
