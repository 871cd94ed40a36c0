"""The picture of the first minute: what a real run of try.py printed, and when.

`python -m website.terminal` runs it, records that in docs/first-minute.txt, and draws the picture.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time

from website.drawing import WIDTH, Drawing
from website.pages import TEMPLATE

RECORD = TEMPLATE / "docs/first-minute.txt"
PICTURE = TEMPLATE / "docs/first-minute.svg"
COMMAND = "python3 try.py"
COLUMNS = 54
"""Characters of a line that are shown; the rest is below, and three lines are the most."""
LEFT_OUT = ("GET /health", "PATCH", "DELETE", "GET /api/v1/companies/")
"""Calls that the picture leaves out."""
LINE = 17
LIGHT = """\
text { font: 13px sans-serif; fill: #24292f }
.code { font-family: monospace; font-size: 12px; white-space: pre }
.strong { font-weight: bold }
.small { fill: #57606a; font-size: 12px }
.back { fill: #f6f8fa }
.box { fill: #c3c9d0 }
.bar { fill: #e8ebee }
.told { fill: #1f5fbf; font-weight: bold }
"""
DARK = """\
text { fill: #d6dae0 }
.small { fill: #a0a7b0 }
.back { fill: #15181c }
.box { fill: #4a525c }
.bar { fill: #23282f }
.told { fill: #7fb0f5; font-weight: bold }
"""


def record() -> str:
    """Run try.py; return each line that it printed behind the seconds until it did."""
    begun = time.monotonic()
    command = [sys.executable, "-u", "try.py"]
    with subprocess.Popen(
        command, cwd=TEMPLATE, stdout=subprocess.PIPE, encoding="utf-8", stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        lines = [
            f"{time.monotonic() - begun:5.1f} {line.rstrip()}".rstrip() + "\n"
            for line in process.stdout
        ]
    if process.returncode:
        raise SystemExit(process.returncode)
    return "".join(lines)


def draw(recorded: str) -> str:
    """Return the picture of a record."""
    drawing = Drawing(f"The first minute: what {COMMAND} prints, and when", 0)
    drawing.box((0, 0, WIDTH, 30), "bar", 8)
    for number in range(3):
        drawing.parts.append(f'<circle class="box" cx="{18 + 16 * number}" cy="15" r="5"/>')
    drawing.text(WIDTH / 2, 19, "the first minute", "small", "middle")
    drawing.text(14, 52, f"$ {COMMAND}", "code strong")
    y = 52 + LINE
    left_out = False
    for entry in recorded.splitlines():
        seconds, line = entry[:5], entry[6:]
        step = line.startswith("==> ")
        if step or re.match(r" +[A-Z]+ /", line):
            left_out = line.strip().startswith(LEFT_OUT)
        if not line or left_out:
            continue
        y += 8 * (step or line[2].isalpha())
        if step:
            drawing.text(WIDTH - 14, y, f"{float(seconds):.0f} s", "code small", "end")
        for part in parts(line.removeprefix("==> "), COLUMNS - 8 * step):
            drawing.text(14, y, part, "code told" if step else "code")
            y += LINE
    drawing.text(14, y + 14, "Recorded on two cores; uv had the packages in its cache.", "small")
    drawing.height = y + 28
    return drawing.svg(light=LIGHT, dark=DARK)


def parts(line: str, columns: int, most: int = 3) -> list[str]:
    """Return a line in `most` parts at most, each not longer than the columns."""
    indent = " " * (len(line) - len(line.lstrip())) + "    " * line.startswith(" ")
    found: list[str] = []
    while len(line) > columns and len(found) < most - 1:
        end = 1 + max(line.rfind(mark, len(indent) + 1, columns) for mark in " ,")
        found.append(line[:end].rstrip())
        line = indent + line[end:]
    return [*found, line if len(line) <= columns else line[: columns - 1] + "…"]


if __name__ == "__main__":
    RECORD.write_text(record(), encoding="utf-8")
    PICTURE.write_text(draw(RECORD.read_text(encoding="utf-8")), encoding="utf-8")
