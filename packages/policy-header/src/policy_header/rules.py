"""The rules about headers: EL001 to EL005. Each yields lines and messages."""

import ast
from collections.abc import Iterator

from .database_modules import DATABASE_MODULES
from .entry_points import reason
from .headers import brings_header, headers, headers_on_load, policy_settings
from .modules import is_standard, loaded_by
from .platforms import runs_on_windows_only
from .runners import chooses_each_loop
from .source import Import, Source, imported_modules, named_attribute

Findings = Iterator[tuple[int, str]]

WINDOWS_POLICIES = {"WindowsSelectorEventLoopPolicy", "WindowsProactorEventLoopPolicy"}
POLICY_MODULES = {"asyncio", "asyncio.windows_events"}


def missing_header(source: Source) -> Findings:
    """EL001: an entry point has no header.

    Its loop is then what Python or a server takes: on Windows ProactorEventLoop, which some
    drivers cannot use (database_modules.py).
    """
    why = reason(source)
    if why and not headers(source) and not (source.in_place and chooses_each_loop(source)):
        line = source.imports[0].lineno if source.imports else 1
        wanted = f"its first import must be {source.header_module}"
        if source.in_place:
            wanted = 'it must set the loop\'s policy first, if sys.platform == "win32"'
        yield line, f"{why}, so {wanted}"


def late_header(source: Source) -> Findings:
    """EL002: something is imported before the header, a database module perhaps.

    What is imported may create a loop, or hold on to one. Where a header module exists,
    nothing may come before it; where the policy is set in place, Python's own modules may.
    """
    header = next(iter(headers_on_load(source)), None)
    by_import = isinstance(header, Import)
    if not header or (by_import and not reason(source)):
        return
    earlier = [
        (node, module)
        for node in source.imports_on_load
        if node.lineno <= header.lineno
        for module in _before_the_header(source, node)
        if not source.in_place or not is_standard(module)
    ]
    databases = [(it, loaded_by(source.place, [it[1]]) & DATABASE_MODULES) for it in earlier]
    for (node, module), loaded in sorted(databases, key=lambda it: not it[1])[:1]:
        which = f", which loads {', '.join(sorted(loaded))}" if loaded else ""
        yield header.lineno, f"the header comes after {module} (line {node.lineno}){which}"


def _before_the_header(source: Source, node: Import) -> Iterator[str]:
    for module in imported_modules(node):
        if brings_header(source, module):
            return
        yield module


def buried_header(source: Source) -> Findings:
    """EL003: the header stands in a function.

    It then waits for a call, and loops, or what holds on to one, may be there before. A
    loop that runs already is not changed by a policy at all.
    """
    imports_count = reason(source) and not headers_on_load(source)
    for header in headers(source):
        if source.is_in_function(header) and (imports_count or not isinstance(header, Import)):
            yield header.lineno, "the header stands in a function; move it to the top of the file"


def unchecked_platform(source: Source) -> Findings:
    """EL004: a policy of Windows is named without a test of the platform.

    asyncio has these classes on Windows only: elsewhere this is an AttributeError.
    """
    for node in source.nodes:
        if isinstance(node, ast.Attribute):
            names = {source.full_name(node).removeprefix("asyncio.")}
        elif isinstance(node, ast.ImportFrom) and node.module in POLICY_MODULES:
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.Call) and (found := named_attribute(node)):
            names = set() if node.args[2:] else {found[1]}
        else:
            continue
        for name in names & WINDOWS_POLICIES:
            if not runs_on_windows_only(source, node):
                yield node.lineno, f'asyncio.{name} without `if sys.platform == "win32"`'


def repeated_header(source: Source) -> Findings:
    """EL005: the policy is set twice.

    The last one wins, wherever it stands, and what the header chose is lost. Where a header
    module exists, it sets the policy, and nothing else may.
    """
    settings = policy_settings(source)
    if not source.in_place:
        for call in settings:
            yield call.lineno, f"the policy is set again; {source.header_module} has set it"
        for fixture in _policy_fixtures(source):
            yield fixture.lineno, f"tests get another policy than that of {source.header_module}"
        return
    settings = [call for call in settings if source.runs_on_load(call)]
    for position, call in enumerate(settings):
        others = [it for it in settings[:position] if not _exclude_each_other(source, it, call)]
        if others:
            yield call.lineno, f"the policy is set again; line {others[0].lineno} has set it"


def _policy_fixtures(source: Source) -> Iterator[ast.FunctionDef]:
    """Yield pytest-asyncio's fixture, which sets the policy for tests, if it asks no header."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef) and node.name == "event_loop_policy":
            called = (it.func if isinstance(it, ast.Call) else it for it in node.decorator_list)
            is_fixture = any(source.full_name(it).endswith(".fixture") for it in called)
            names = {source.full_name(it) for it in ast.walk(node)}
            if is_fixture and not any(brings_header(source, name) for name in names if name):
                yield node


def _exclude_each_other(source: Source, one: ast.AST, other: ast.AST) -> bool:
    """Return whether they stand in different branches of one `if`."""
    branches = dict(source.around(one))
    for parent, child in source.around(other):
        if isinstance(parent, ast.If) and parent in branches:
            return (child in parent.body) is not (branches[parent] in parent.body)
    return False
