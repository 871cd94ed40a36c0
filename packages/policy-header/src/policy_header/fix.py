"""Puts the header where it belongs, and keeps every other character of the file."""

import ast

from .headers import headers_on_load, is_header_name
from .prologue import LINE_END, blank_lines, end_of_prologue, length_of_prologue, line_starts
from .source import UNREADABLE, Source, imported_modules, parse

COMMENT = "# Policy first: the event loop is chosen before anything imports a database driver."


def insert_header(source: Source) -> str | None:
    """Return the text with the header put in, or None if that can't be done here.

    It stands after the docstring and `from __future__`, or after the shebang, the encoding
    and the comment that begin the file, and before anything else.
    """
    # Under a name of its own: `app` may be the application's.
    statement = f"import {source.header_module} as _event_loop  # noqa: F401"
    return _edited(source, statement)


def move_header(source: Source) -> str | None:
    """Return the text with its late header moved up, or None if that can't be done here.

    It can if the header is an import of its own on lines of its own, in no block. Its
    comment comes along, and a blank line if there was one before and after.
    """
    header = headers_on_load(source)[0]
    if isinstance(header, ast.Call) or not is_header_name(source, imported_modules(header)[0]):
        return None
    text = source.text
    lines = LINE_END.split(text)
    first, last = header.lineno - 1, header.end_lineno or header.lineno
    statement = "\n".join(lines[first:last])
    if lines[:first][-1:] == [COMMENT]:
        first -= 1
    if not "".join([*lines[:first][-1:], *lines[last : last + 1]]).strip():
        # It stood alone, and takes one of its blank lines along.
        last += 1
    starts = [*line_starts(text), len(text), len(text)]
    start, end = starts[first], starts[last]
    return _edited(source, statement, cut=(start, end), moved=header)


def _edited(
    source: Source,
    statement: str,
    *,
    cut: tuple[int, int] | None = None,
    moved: ast.stmt | None = None,
) -> str | None:
    """Return the text with `statement` as its first import, and without the text in `cut`."""
    text = source.text
    place = end_of_prologue(source)
    start, end = cut or (place, place)
    added = _added(source, text[:place], text[place:], statement)
    edited = text[:place] + added + text[place:start] + text[end:]
    rest = [node for node in source.tree.body if node is not moved]
    rest.insert(length_of_prologue(source.tree), moved or parse(statement).body[0])
    # A last look, since there is more in Python than anyone thinks of.
    return edited if _says(edited, rest) else None


def _says(text: str, body: list[ast.stmt]) -> bool:
    try:
        found = parse(text).body
    except UNREADABLE:
        return False
    return [ast.dump(node) for node in found] == [ast.dump(node) for node in body]


def _added(source: Source, before: str, after: str, statement: str) -> str:
    lines = [COMMENT, *statement.split("\n")]
    begins_line = not before or before.endswith(("\r", "\n"))
    lines_before = LINE_END.split(before)
    if before and not (begins_line and not lines_before[-2].strip()):
        lines.insert(0, "")
    if not begins_line:
        lines.insert(0, "")
    if after.strip():
        following = source.tree.body[length_of_prologue(source.tree) :][:1]
        definition = isinstance(
            next(iter(following), None), ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )
        lines += [""] * (1 + definition - blank_lines(after))
    found = LINE_END.search(before + after)
    line_end = found[0] if found else "\n"
    return line_end.join(lines) + (line_end if after or begins_line else "")
