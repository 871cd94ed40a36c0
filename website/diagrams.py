"""Two diagrams: who creates the event loop, and how long what a request uses lives.

`python -m website.diagrams` draws them anew.
"""

from __future__ import annotations

from pathlib import Path

from website.drawing import LINE, WIDTH, Drawing
from website.pages import TEMPLATE

LAUNCHERS = {
    "ourselves, with our factory": (
        ["python -m app", "scripts, Alembic, pytest"],
        [("The chosen loop", "good")],
    ),
    "a launcher that asks us": (
        ["uvicorn --loop app.event_loop:new_event_loop"],
        [("The chosen loop", "good")],
    ),
    "a launcher that asks the policy": (
        ["hypercorn, quart run, aiohttp.web", "uvicorn --loop none"],
        [("The chosen loop", "good"), ("Python 3.16, without policies: Proactor", "bad")],
    ),
    "a launcher that names Proactor": (
        ["uvicorn, fastapi run, litestar run, granian"],
        [("Proactor, whatever the policy says", "bad")],
    ),
}
"""On Windows: who creates the loop, by what commands, and which one comes of it."""


def event_loop() -> str:
    """Draw who creates the loop."""
    it = Drawing("Who creates the event loop on Windows, and what the header does about it", 640)
    left, inner = 16, 30
    wide = WIDTH - 2 * left
    it.text(left, 28, "Who creates the event loop?", "title")
    it.box((left, 42, wide, 70), "ours")
    it.lines(
        inner,
        52,
        [
            ("1. The header is the first import of every entry point:", ""),
            ("from app.event_loop import …", "code"),
            ("It sets the policy, before a driver is imported.", ""),
        ],
    )
    it.arrow(WIDTH / 2, 112, 130)
    it.text(left, 146, "2. On Windows the loop is created by …", "strong")
    top = 156.0
    for who, (commands, outcomes) in LAUNCHERS.items():
        height = LINE * (1 + len(commands) + len(outcomes)) + 16 + 6 * len(outcomes)
        it.box((left, top, wide, height), "box")
        it.lines(inner, top + 4, [(who, "strong"), *((words, "code") for words in commands)])
        at = top + 10 + LINE * (1 + len(commands))
        for words, look in outcomes:
            it.box((inner, at, wide - 28, LINE + 2), look, 4)
            it.text(inner + 8, at + 14, words)
            at += LINE + 6
        top += height + 8
    it.arrow(WIDTH / 2, top - 6, top + 10)
    it.box((left, top + 12, wide, 90), "ours")
    it.lines(
        inner,
        top + 20,
        [
            ("3. The guard, the first line of the lifespan, looks:", ""),
            ("the chosen loop: the service starts.", ""),
            ("Another one: it refuses, and names the command:", ""),
            ("python -m app", "code"),
        ],
    )
    it.text(left, top + 120, "On Linux and macOS any loop serves every driver;", "small")
    it.text(left, top + 120 + LINE, "projects use uvloop where it is installed.", "small")
    it.height = int(top + 120 + 2 * LINE)
    return it.svg()


BARS = ["request", "session", "transaction", "connection"]
WRITE = [
    ("The request and its body are there.", "", "request"),
    ("The route gets a session.", "sessions.write.begin()", "session"),
    ("The first statement:", "BEGIN, on a pooled connection", "transaction connection"),
    ("Queries flush; nobody commits.", "", ""),
    ("The route returns:", "COMMIT", "-transaction -connection -session"),
    ("Only now the answer is sent.", "", "-request"),
]
READ = [
    ("The request is there.", "", "request"),
    ("The route gets a session.", "sessions.read()", "session"),
    ("A statement, in autocommit:", "one round trip", "connection"),
    ("Further ones keep the connection.", "", ""),
    ("The route returns.", "", "-connection -session"),
    ("The answer is sent.", "", "-request"),
]
GAP = 28
"""Units from one moment to the next, without the lines of text between them."""


def session() -> str:
    """Draw how long what a request uses lives."""
    label = "How long a request holds its session, its transaction and its connection"
    it = Drawing(label, 0)
    it.text(16, 28, "Request, session, transaction, pool", "title")
    end = _moments(it, 56, "A request that writes", WRITE)
    it.lines(
        16,
        end,
        [
            ("If the route or COMMIT fails: ROLLBACK, no row is left,", "small"),
            ("and the client reads an error, never a 200.", "small"),
        ],
    )
    end = _moments(it, end + 66, "A request that reads", READ)
    it.box((16, end + 2, WIDTH - 32, 72), "ours")
    it.lines(
        30,
        end + 12,
        [
            ("The pool: one engine for the process, opened warm by", ""),
            ("the lifespan, drained and disposed by it. If it is empty,", ""),
            ("a request waits; in the end it is a 503 with Retry-After.", ""),
        ],
    )
    it.height = int(end + 86)
    return it.svg()


def _moments(it: Drawing, top: float, title: str, moments: list[tuple[str, str, str]]) -> float:
    it.text(16, top, title, "strong")
    begun: dict[str, float] = {}
    y = top + 20.0
    columns = {name: 276 + 40 * number for number, name in enumerate(BARS)}
    looks = dict(zip(BARS, ["box", "ours", "wait", "good"], strict=True))
    drawn: list[tuple[str, float, float]] = []
    for said, code, changes in moments:
        it.lines(16, y - 8, [(said, ""), (code, "code")] if code else [(said, "")])
        it.path(f"M264 {y:g}H{WIDTH - 16}")
        for name in changes.split():
            if name.startswith("-"):
                drawn.append((name[1:], begun.pop(name[1:]), y))
            else:
                begun[name] = y
        y += GAP + LINE * bool(code)
    for name, start, end in drawn:
        it.box((columns[name], start, 28, end - start), looks[name], 3)
        x, middle = columns[name] + 18, (start + end) / 2
        it.parts.append(
            f'<text x="{x}" y="{middle:g}" text-anchor="middle" '
            f'transform="rotate(-90 {x} {middle:g})">{name}</text>'
        )
    return y - 10


def pictures() -> dict[Path, str]:
    """Return each diagram by its file."""
    return {
        TEMPLATE / "docs/loop-creation.svg": event_loop(),
        TEMPLATE / "docs/session-life.svg": session(),
    }


if __name__ == "__main__":
    for path, picture in pictures().items():
        path.write_text(picture, encoding="utf-8")
