"""A chart as SVG: bars for each contestant, with whiskers from the worst round to the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from benchmarks.rounds import Spread

WIDTH = 760
LEFT, RIGHT = 150, 60
"""Room for names, and for the figure after the longest whisker."""
TOP, BOTTOM = 84, 46
BAR, GAP = 13, 16
STYLE = """
text { font: 12px sans-serif; fill: #3c4043 }
.title { font-size: 15px; font-weight: bold }
.small { font-size: 11px; fill: #6b7075 }
.grid { stroke: #d5d8db; stroke-width: 1 }
.series0 { fill: #3f6fa8 }
.series1 { fill: #a9bfd8 }
.whisker { stroke: #3c4043; stroke-width: 1; fill: none }
.back { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #d5d8db }
  .small { fill: #9aa0a6 }
  .grid { stroke: #3c4043 }
  .series0 { fill: #7fa9dc }
  .series1 { fill: #3f5f85 }
  .whisker { stroke: #d5d8db }
  .back { fill: #17191c }
}
"""


@dataclass(frozen=True)
class Row:
    """A contestant, and a bar for each series."""

    name: str
    bars: tuple[Spread, ...]


def draw(title: str, subtitle: str, series: list[str], rows: list[Row]) -> str:
    """Return the SVG of a chart with one group of bars for each row."""
    top = max(bar.high for row in rows for bar in row.bars)
    step = _step(top)
    scale = (WIDTH - LEFT - RIGHT) / top
    group = len(series) * BAR + GAP
    bottom = TOP + len(rows) * group
    height = bottom + BOTTOM
    parts = [
        f'<rect class="back" width="{WIDTH}" height="{height}"/>',
        _text(16, 26, title, "title"),
        _text(16, 45, subtitle, "small"),
        *_legend(series),
        *_grid(scale, step, top, bottom),
    ]
    for number, row in enumerate(rows):
        y = TOP + number * group + GAP / 2
        middle = y + len(row.bars) * BAR / 2
        parts.append(_text(LEFT - 8, middle + 4, row.name, anchor="end"))
        for index, bar in enumerate(row.bars):
            parts += _bar(y + index * BAR, bar, index, scale)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">\n'
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _step(top: float) -> float:
    """Return a round distance between lines, so that there are at most six of them."""
    magnitude = 10.0 ** math.floor(math.log10(top / 6))
    return next(it for it in (magnitude * factor for factor in (1, 2, 5, 10)) if top / it <= 6)


def _legend(series: list[str]) -> list[str]:
    parts, x = [], float(LEFT)
    for index, name in enumerate(series):
        parts.append(f'<rect class="series{index}" x="{x}" y="56" width="10" height="10"/>')
        parts.append(_text(x + 15, 65, name))
        x += 30 + 8 * len(name)
    return parts


def _grid(scale: float, step: float, top: float, bottom: float) -> list[str]:
    parts = []
    for number in range(int(top / step + 1e-9) + 1):
        x = LEFT + number * step * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(_text(x, bottom + 16, f"{number * step:g}", "small", "middle"))
    parts.append(_text(LEFT, bottom + 34, "requests a second, floor = 1", "small"))
    return parts


def _bar(y: float, bar: Spread, index: int, scale: float) -> list[str]:
    end, low, high = (LEFT + it * scale for it in (bar.median, bar.low, bar.high))
    middle, after = y + BAR / 2 - 0.5, max(end, high) + 6
    cap = BAR / 4
    rect = f'x="{LEFT}" y="{y:.1f}" width="{end - LEFT:.1f}" height="{BAR - 1}"'
    ends = "".join(f"M{it:.1f} {middle - cap:.1f}v{2 * cap:.1f}" for it in (low, high))
    return [
        f'<rect class="series{index}" {rect}/>',
        f'<path class="whisker" d="M{low:.1f} {middle:.1f}H{high:.1f}{ends}"/>',
        # On a ground of its own, or a line of the grid would cross it.
        f'<rect class="back" x="{after - 2:.1f}" y="{y:.1f}" width="30" height="{BAR - 1}"/>',
        _text(after, middle + 4, f"{bar.median:.2f}", "small"),
    ]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
