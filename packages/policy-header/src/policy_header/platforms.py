"""Which code runs on Windows only."""

import ast
import re

from .source import Source

PLATFORMS = ("sys.platform", "os.name", "platform.system")
WINDOWS = {"win32", "nt", "windows"}
# A constant or a function, such as IS_WINDOWS.
CALLED_SO = re.compile(r"(?i)(^|_)(is|on)?_?win(dows|32)?($|_)")


def runs_on_windows_only(source: Source, node: ast.AST) -> bool:
    """Return whether a test of the platform stands around or before `node`."""
    for parent, child in source.around(node):
        if isinstance(parent, ast.If | ast.IfExp) and child is not parent.test:
            then = parent.body if isinstance(parent.body, list) else [parent.body]
            if _tells(source, parent.test) is (child in then):
                return True
        if isinstance(parent, ast.BoolOp):
            before = parent.values[: [id(value) for value in parent.values].index(id(child))]
            wanted = isinstance(parent.op, ast.And)
            if any(_tells(source, value) is wanted for value in before):
                return True
        if any(_leaves_elsewhere(source, step) for step in _steps_before(parent, child)):
            return True
    return False


def _tells(source: Source, test: ast.expr) -> bool | None:
    """Return the outcome of `test` that only Windows can have, if there is one."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        told = _tells(source, test.operand)
        return None if told is None else not told
    if isinstance(test, ast.BoolOp):
        told_each = [_tells(source, value) for value in test.values]
        one = isinstance(test.op, ast.And)
        if one in told_each:
            return one
        return (not one) if all(told is (not one) for told in told_each) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compares(source, test.left, test.ops[0], test.comparators[0])
    if isinstance(test, ast.Call):
        return True if _asks_windows(source, test) else None
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return True if CALLED_SO.search(name) else None


def _compares(source: Source, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
    # Not `"win" in sys.platform`, which is true of macOS ("darwin"), too.
    if isinstance(op, ast.Eq | ast.NotEq) and isinstance(left, ast.Constant):
        left, right = right, left
    values = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
    named = {str(value.value).lower() for value in values if isinstance(value, ast.Constant)}
    if not _is_platform(source, left) or not named or not named <= WINDOWS | {"cygwin"}:
        return None
    if isinstance(op, ast.Eq | ast.In):
        return True
    return False if isinstance(op, ast.NotEq | ast.NotIn) else None


def _is_platform(source: Source, node: ast.expr) -> bool:
    while isinstance(node, ast.Call):  # platform.system().lower()
        called = node.func
        node = called.value if getattr(called, "attr", "") in {"lower", "casefold"} else called  # type: ignore[attr-defined]
    return source.full_name(node) in PLATFORMS


def _asks_windows(source: Source, call: ast.Call) -> bool:
    """Return whether it is `sys.platform.startswith("win")`, or asks in another such way."""
    constants = [str(value.value) for value in call.args if isinstance(value, ast.Constant)]
    if isinstance(call.func, ast.Name) and call.func.id == "hasattr":
        return any("Windows" in constant for constant in constants)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "startswith":
        asked = _is_platform(source, call.func.value)
        return asked and all(constant.lower().startswith("win") for constant in constants)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return bool(CALLED_SO.search(name))


def _steps_before(parent: ast.AST, child: ast.AST) -> list[ast.stmt]:
    body = getattr(parent, "body", None)
    return body[: body.index(child)] if isinstance(body, list) and child in body else []


def _leaves_elsewhere(source: Source, step: ast.stmt) -> bool:
    """Return whether `step` is `if sys.platform != "win32": return`."""
    return (
        isinstance(step, ast.If)
        and isinstance(step.body[-1], ast.Return | ast.Raise)
        and _tells(source, step.test) is False
    )
