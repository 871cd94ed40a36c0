"""Where a file's first import can stand: after what Python wants to be first."""

import ast
import re

from .source import Source

LINE_END = re.compile(r"\r\n|\r|\n")
BLANK_LINES = re.compile(r"(?:[ \t\f]*(?:\r\n|\r|\n))*")
CODING = re.compile(r"[ \t\f]*#.*?coding[:=]")
# What may follow a statement on its line before the next one, or before the line's end.
REST_OF_LINE = re.compile(r"(?:[ \t\f;]|\\(?:\r\n|\r|\n))*(?:#[^\r\n]*)?(?:\r\n|\r|\n)?")


def length_of_prologue(tree: ast.Module) -> int:
    """Return how many statements must stay first: the docstring and the future imports."""
    count = 0 if ast.get_docstring(tree, clean=False) is None else 1
    for node in tree.body[count:]:
        if not isinstance(node, ast.ImportFrom) or node.module != "__future__" or node.level:
            break
        count += 1
    return count


def end_of_prologue(source: Source) -> int:
    """Return the place in the text of `source` where the first import can stand."""
    text = source.text
    starts = line_starts(text)
    if count := length_of_prologue(source.tree):
        last = source.tree.body[count - 1]
        start = starts[(last.end_lineno or 1) - 1]
        # Python counts the bytes of the line in UTF-8.
        statement = text[start:].encode()[: last.end_col_offset].decode()
        return _end(REST_OF_LINE, text, start + len(statement))
    return _end_of_first_comment(text, starts)


def line_starts(text: str) -> list[int]:
    """Return where the lines start, as Python counts them."""
    return [0, *(found.end() for found in LINE_END.finditer(text))]


def blank_lines(text: str) -> int:
    """Return how many blank lines `text` begins with."""
    return len(LINE_END.findall(text[: _end(BLANK_LINES, text, 0)]))


def _end_of_first_comment(text: str, starts: list[int]) -> int:
    """Return the end of the comment on top, or of what must be there.

    A comment with no blank line after it is taken to belong to the code that follows.
    """
    lines = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    fixed = int(lines[0].startswith("#!"))
    for number, line in enumerate(lines[:2], start=1):
        if CODING.match(line):
            fixed = number
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    comment = next(
        (number for number, line in enumerate(lines) if not line.startswith("#")), len(lines)
    )
    belongs_to_code = comment < len(lines) and lines[comment].strip()
    return [*starts, len(text)][fixed if belongs_to_code else max(fixed, comment)]


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start
