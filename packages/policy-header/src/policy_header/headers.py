"""What counts as the header in a file, and where it stands."""

import ast
from functools import cache
from pathlib import Path

from .modules import first_party_files
from .source import UNREADABLE, Import, Source, decode, imported_modules, parse

SETTERS = {"asyncio.set_event_loop_policy", "winloop.install"}
FOR_OTHER_SYSTEMS = {"uvloop.EventLoopPolicy", "asyncio.DefaultEventLoopPolicy"}


def is_header_name(source: Source, module: str) -> bool:
    """Return whether to import `module` is to import the header module."""
    name = module.lstrip(".")
    if level := len(module) - len(name):
        # Whatever the names of the folders around the package.
        folders = source.place.parts[:-level]
        return f".{source.header_module}." in f".{'.'.join([*folders, name])}."
    return f"{module}.".startswith(f"{source.header_module}.")


def brings_header(source: Source, module: str) -> bool:
    """Return whether to import `module` chooses the loop: it is a header module, or has its task.

    A code base without `app.event_loop` may set the policy in a module with another name.
    """
    if is_header_name(source, module):
        return True
    files = first_party_files(source.place, module) if source.in_place else []
    return any(_sets_policy(file) for file in files)


def header_imports(source: Source) -> list[Import]:
    """Return the imports that choose the loop, wherever they stand."""
    return [
        node
        for node in source.imports
        if any(brings_header(source, module) for module in imported_modules(node))
    ]


@cache
def _sets_policy(file: Path) -> bool:
    """Return whether importing the module in `file` sets the policy."""
    try:
        text, _ = decode(file.read_bytes())
        source = Source(file, text, parse(text), "", None, in_place=True)
    except (OSError, *UNREADABLE):
        return False
    return any(source.runs_on_load(call) for call in policy_settings(source))


def policy_settings(source: Source) -> list[ast.Call]:
    """Return the calls that set a policy which Windows may have, wherever they stand."""
    return [
        call
        for name, call in source.calls
        if name in SETTERS and not any(_is_for_other_systems(source, it) for it in call.args)
    ]


def headers(source: Source) -> list[Import | ast.Call]:
    """Return what counts as the header in this file, also if it stands in a function."""
    in_place = policy_settings(source) if source.in_place else []
    found: list[Import | ast.Call] = [*header_imports(source), *in_place]
    executed = (it for it in found if source.runs_on_load(it) or source.is_in_function(it))
    return sorted(executed, key=lambda node: node.lineno)


def headers_on_load(source: Source) -> list[Import | ast.Call]:
    """Return those of the headers that importing the file executes."""
    return [node for node in headers(source) if source.runs_on_load(node)]


def _is_for_other_systems(source: Source, policy: ast.expr) -> bool:
    if isinstance(policy, ast.Call):
        policy = policy.func
    reset = isinstance(policy, ast.Constant) and policy.value is None
    return reset or source.full_name(policy) in FOR_OTHER_SYSTEMS
