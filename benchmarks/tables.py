"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def spread_of(it: dict[str, float], digits: int = 2) -> str:
    """Return a median, with the worst and the best in parentheses."""
    median, low, high = (f"{it[which]:.{digits}f}" for which in ("median", "low", "high"))
    return f"{median} ({low} to {high})"


def table(columns: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
