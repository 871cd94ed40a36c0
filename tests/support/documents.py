"""The tables of the documentation."""

from __future__ import annotations

from support.bake import TEMPLATE


def cells(path: str, first: str) -> list[list[str]]:
    """Return the cells of the table whose first heading is `first`, as they are written."""
    lines = (TEMPLATE / path).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


def rows(path: str, first: str) -> list[list[str]]:
    """Return them without backquotes."""
    return [[cell.replace("`", "") for cell in row] for row in cells(path, first)]
