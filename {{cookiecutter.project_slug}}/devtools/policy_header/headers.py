"""What counts as the header in a file, and where it stands."""

import ast

from .source import Import, Source, imported_modules

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


def header_imports(source: Source) -> list[Import]:
    """Return the imports of the header module, wherever they stand."""
    return [
        node
        for node in source.imports
        if any(is_header_name(source, module) for module in imported_modules(node))
    ]


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
