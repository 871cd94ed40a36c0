"""SVG drawings for light and dark: boxes, lines and texts in classes, and one style for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

LIGHT = """\
text { font: 13px sans-serif; fill: #24292f }
.code { font-family: monospace; font-size: 12px }
.strong { font-weight: bold }
.title { font-size: 16px; font-weight: bold }
.small { fill: #57606a; font-size: 12px }
.back { fill: #ffffff }
.box { fill: #f3f5f7; stroke: #8c959f }
.good { fill: #dcf5e3; stroke: #2c7a42 }
.bad { fill: #fde3df; stroke: #b3392c }
.ours { fill: #dfeafb; stroke: #3264ad }
.wait { fill: #fbf0d0; stroke: #8a6a10 }
.line { fill: none; stroke: #57606a }
"""
DARK = """\
text { fill: #d6dae0 }
.small { fill: #a0a7b0 }
.back { fill: #15181c }
.box { fill: #23282f; stroke: #6b747f }
.good { fill: #143a22; stroke: #58b375 }
.bad { fill: #47201b; stroke: #e07b6d }
.ours { fill: #1b3050; stroke: #7aa6e6 }
.wait { fill: #3d3211; stroke: #cfa94a }
.line { stroke: #a0a7b0 }
"""
LINE = 18
"""Units from one line of text to the next."""
WIDTH = 440
"""Units: a phone shows nearly as many, so that the text stays readable."""


@dataclass
class Drawing:
    """A drawing of a `height`; `label` is what it shows, for those who can't see it."""

    label: str
    height: int
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, look: str = "", anchor: str = "start") -> None:
        """Write one line, whose baseline is at `y`."""
        kind = f' class="{look}"' if look else ""
        kind += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{kind}>{escape(words)}</text>')

    def box(self, place: tuple[float, float, float, float], look: str, radius: int = 6) -> None:
        """Draw a rectangle with round corners; its place is x, y, width and height."""
        x, y, width, height = place
        shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}"'
        self.parts.append(f'<rect class="{look}" {shape}/>')

    def lines(self, x: float, y: float, texts: list[tuple[str, str]]) -> None:
        """Write lines of a look each, the first in the line of text that begins at `y`."""
        for number, (words, look) in enumerate(texts):
            self.text(x, y + 14 + LINE * number, words, look)

    def path(self, commands: str) -> None:
        """Draw a line."""
        self.parts.append(f'<path class="line" d="{commands}"/>')

    def arrow(self, x: float, start: float, end: float) -> None:
        """Draw an arrow downwards."""
        self.path(
            f"M{x:g} {start:g}V{end:g}M{x - 4:g} {end - 6:g}L{x:g} {end:g}L{x + 4:g} {end - 6:g}"
        )

    def svg(self, width: int = WIDTH, light: str = LIGHT, dark: str = DARK) -> str:
        """Return the drawing as a file."""
        size = f'viewBox="0 0 {width} {self.height}" width="{width}" height="{self.height}"'
        indented = "".join(f"  {line}\n" for line in dark.splitlines())
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
            f'aria-label="{escape(self.label)}">\n'
            f"<style>\n{light}@media (prefers-color-scheme: dark) {{\n{indented}}}\n</style>\n"
            f'<rect class="back" width="{width}" height="{self.height}" rx="8"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )
