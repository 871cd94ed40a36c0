"""Which call made what a name stands for."""

import ast
from collections.abc import Iterator

from .source import FUNCTIONS, Source


def origin(source: Source, node: ast.AST) -> ast.Call | None:
    """Return the call that made the object `node`, as far as its function and the module tell.

    For `server.run()` after `server = uvicorn.Server(config)`, the origin of `server` is the
    call in the second line. What a function is given has none.
    """
    if isinstance(node, ast.Call):
        return node
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    name = ast.unparse(node)
    for parent, _ in source.around(node):
        if not isinstance(parent, (*FUNCTIONS, ast.Module)):
            continue
        if isinstance(parent, FUNCTIONS) and name in _parameters(parent):
            return None
        # In the module, too: self.loop is made in another function than it is used in.
        made = [value for target, value in _assignments(parent) if ast.unparse(target) == name]
        if made:
            return next((it for it in made if isinstance(it, ast.Call)), None)
    return None


def _parameters(function: ast.AST) -> set[str]:
    arguments = getattr(function, "args", None)
    return {it.arg for it in ast.walk(arguments) if isinstance(it, ast.arg)} if arguments else set()


def _assignments(scope: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target, value) for target in targets)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield target, value
            case ast.NamedExpr(target=target, value=value):
                yield target, value
            case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
                yield target, value
