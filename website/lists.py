"""Lists as Zensical's Markdown wants them: four blanks for a level, and a blank line before one.

CommonMark, and so the host of the repository, needs as many blanks as the mark of an item is wide.
"""

from __future__ import annotations

import re

ITEM = re.compile(r"(?P<blanks> *)(?P<mark>(?:[-*+]|\d{1,9}[.)]) +)(?=\S)")
FENCE = re.compile(r" *(```+)")
LEVEL = 4


def widened(text: str) -> str:
    """Return a document with the lists of a CommonMark document in the other form."""
    lines: list[str] = []
    widths: list[int] = []
    """Of the items around a line: the column in which what is in them begins."""
    fence = ""
    is_loose = False
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            lines.append("")
            is_loose = bool(widths)
            continue
        item = None if fence else ITEM.match(line)
        is_first = not widths
        is_loose = is_loose and not is_first
        if not fence:
            # A line that is less indented ends an item, unless it goes on with its paragraph.
            begins = not lines or not lines[-1] or item or FENCE.match(line)
            while widths and indent < widths[-1] and begins:
                widths.pop()
        # Behind a paragraph of its own, an item would be taken for the end of that.
        if item and (is_first or is_loose) and lines and lines[-1]:
            lines.append("")
        inside = min(indent, widths[-1] if widths else 0)
        lines.append(" " * (LEVEL * len(widths)) + line[inside:])
        if opened := FENCE.match(line):
            fence = "" if fence and opened[1].startswith(fence) else fence or opened[1]
        if item:
            widths.append(len(item[0]))
    return "\n".join(lines) + "\n"
