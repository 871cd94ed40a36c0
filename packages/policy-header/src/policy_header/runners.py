"""Functions and methods that make an event loop and run it, unless they are given one."""

import ast
from collections.abc import Iterator

from .origins import origin
from .source import Source

RUNNERS = {
    "aiohttp.web.run_app": "loop",
    "anyio.run": "backend_options",
    "asyncio.Runner": "loop_factory",
    "asyncio.run": "loop_factory",
    "hypercorn.run.run": "",
    "uvicorn.run": "loop",
    "uvloop.run": "loop_factory",
    "winloop.run": "loop_factory",
}
"""Each with the argument that takes a loop, or what makes one."""

METHODS = {
    "asyncio.get_event_loop().run_forever": "",
    "asyncio.get_event_loop().run_until_complete": "",
    "asyncio.get_event_loop_policy().get_event_loop": "",
    "asyncio.get_event_loop_policy().new_event_loop": "",
    "granian.Granian().serve": "",
    "granian.server.Server().serve": "",
    "quart.Quart().run": "loop",
    "sanic.Sanic().run": "",
    "tornado.ioloop.IOLoop.current().run_sync": "",
    "tornado.ioloop.IOLoop.current().start": "",
    "uvicorn.Server().run": "",
}
"""The same for methods of what a call has made."""

POLICY_IGNORED = {"granian.Granian().serve", "granian.server.Server().serve"}
POLICY_IGNORED |= {"uvicorn.Server().run", "uvicorn.run"}
"""Those that name ProactorEventLoop on Windows, whatever the policy."""

ADVICE = {
    "aiohttp.web.run_app": "give it {}.new_event_loop() as loop=",
    "asyncio.Runner": "give it {}.new_event_loop as loop_factory=",
    "granian.Granian().serve": "call {}.run with granian.server.embed.Server(…).serve()",
    "granian.server.Server().serve": "call {}.run with granian.server.embed.Server(…).serve()",
    "hypercorn.run.run": "call {}.run with hypercorn.asyncio.serve(app, config)",
    "quart.Quart().run": "call {}.run with its run_task()",
    "sanic.Sanic().run": "call {}.run with its create_server()",
    "uvicorn.Server().run": 'give its Config "{}:new_event_loop" as loop=',
    "uvicorn.run": 'give it "{}:new_event_loop" as loop=',
}
"""What to do where the header module has the name that stands in the braces."""

USUAL_ADVICE = "call {}.run in its place"
"""That of the others: asyncio.run() takes a factory only from Python 3.12 on."""

ADVICE_IN_PLACE = {
    "granian.Granian().serve": "run granian.server.embed.Server on a loop of your own",
    "granian.server.Server().serve": "run granian.server.embed.Server on a loop of your own",
    "uvicorn.Server().run": "give its Config a factory as loop=",
    "uvicorn.run": "give it a factory as loop=",
}
"""The same for `POLICY_IGNORED`, where there is no header module."""

CHOOSING_NOTHING = {None, "auto", "asyncio", "none"}
"""Values of that argument that leave the choice to the callee."""


def calls_without_a_loop(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that leave the loop to the callee, with the callee's name."""
    for name, call in _running_calls(source):
        if not _gives_a_loop(source, name, call):
            yield name, call


def chooses_each_loop(source: Source) -> bool:
    """Return whether the file runs loops, and says of each which it shall be."""
    running = list(_running_calls(source))
    return bool(running) and all(_gives_a_loop(source, name, call) for name, call in running)


def advice(name: str, source: Source) -> str:
    """Return what to do instead of calling the function `name` as it is called."""
    if source.in_place:
        return ADVICE_IN_PLACE[name]
    return ADVICE.get(name, USUAL_ADVICE).format(source.header_module)


def _running_calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        if (name := source.full_name(node.func)) in RUNNERS:
            yield name, node
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _METHOD_NAMES:
            made = origin(source, node.func.value)
            name = f"{source.full_name(made.func)}().{node.func.attr}" if made else ""
            if name in METHODS:
                yield name, node


_METHOD_NAMES = {name.rpartition(".")[2] for name in METHODS}


def _gives_a_loop(source: Source, name: str, call: ast.Call) -> bool:
    if name == "uvicorn.Server().run":
        config = _configuration(source, call)
        # Of an unknown one nothing can be said.
        return not config or _gives(config, "loop")
    return _gives(call, {**RUNNERS, **METHODS}[name])


def _configuration(source: Source, run: ast.Call) -> ast.Call | None:
    """Return the call of `uvicorn.Config` behind the server that `run` starts, if it is here."""
    made = origin(source, run.func.value) if isinstance(run.func, ast.Attribute) else None
    given = [*made.args, *(it.value for it in made.keywords if it.arg == "config")] if made else []
    config = origin(source, given[0]) if given else None
    return config if config and source.full_name(config.func) == "uvicorn.Config" else None


def _gives(call: ast.Call, argument: str) -> bool:
    """Return whether `call` gives `argument`, perhaps among `**options`."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if argument not in given:
        return bool(argument) and None in given
    value = given[argument]
    return not isinstance(value, ast.Constant) or value.value not in CHOOSING_NOTHING
