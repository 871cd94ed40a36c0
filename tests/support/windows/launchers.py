"""The ways to start a project, and what each must come to on a simulated Windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from support.bake import WEB_FRAMEWORKS

Outcome = Literal["serves", "refuses", "breaks"]
"""It answers from the database on the loop that was chosen; the guard says what to do; or the
launcher itself does not work there, whatever it starts."""

FACTORY = "app.event_loop:new_event_loop"
RUN = "import uvicorn; uvicorn.run('app.main:app', port={port}"
SANIC_RUN = "from app.main import create_app; create_app().run(port={port}, single_process=True)"


@dataclass(frozen=True)
class Launcher:
    """A command that starts the service on `{port}`, and what must come of it."""

    name: str
    command: tuple[str, ...]
    """Arguments of the project's Python."""
    outcome: Outcome
    without_policies: Outcome | None = None
    """The same on an interpreter without policies (3.16), if it differs."""


def _module(outcome: Outcome, command: str, without_policies: Outcome | None = None) -> Launcher:
    return Launcher(command, ("-m", *command.split()), outcome, without_policies)


OURS = [
    _module("serves", "app --port {port}"),
    _module("serves", "app --port {port} --workers 2"),
    _module("serves", "app dev --port {port}"),
]
UVICORN = [
    _module("refuses", "uvicorn app.main:app --port {port}"),
    _module("refuses", "uvicorn app.main:app --port {port} --loop asyncio"),
    _module("serves", "uvicorn app.main:app --port {port} --reload"),
    _module("serves", "uvicorn app.main:app --port {port} --workers 2"),
    _module("serves", "uvicorn app.main:app --port {port} --loop none", "refuses"),
    _module("refuses", "uvicorn app.main:app --port {port} --loop none --workers 2"),
    _module("serves", "uvicorn app.main:app --port {port} --loop " + FACTORY),
    _module("serves", "uvicorn app.main:app --port {port} --workers 2 --loop " + FACTORY),
    _module("serves", "uvicorn app.main:app --port {port} --reload --loop " + FACTORY),
    Launcher("uvicorn.run()", ("-c", RUN + ")"), "refuses"),
    Launcher("uvicorn.run(loop=…)", ("-c", f"{RUN}, loop='{FACTORY}')"), "serves"),
]
ALONE = [UVICORN[0], UVICORN[6]]
"""uvicorn's command without and with our loop."""
ASGI = [
    _module("serves", "hypercorn app.main:app --bind 127.0.0.1:{port}", "refuses"),
    _module("serves", "hypercorn app.main:app --bind 127.0.0.1:{port} --workers 2", "breaks"),
    _module("refuses", "granian app.main:app --interface asgi --port {port}"),
    _module("refuses", "granian app.main:app --interface asgi --port {port} --workers 2"),
]
OWN: dict[str, list[Launcher]] = {
    "fastapi": [
        *UVICORN,
        *ASGI,
        _module("refuses", "fastapi run app/main.py --port {port}"),
        _module("serves", "fastapi run app/main.py --port {port} --workers 2"),
        _module("serves", "fastapi dev app/main.py --port {port}"),
    ],
    "litestar": [
        *ALONE,
        _module("refuses", "litestar --app app.main:app run --port {port}"),
        _module("serves", "litestar --app app.main:app run --port {port} --reload"),
        _module("serves", "litestar --app app.main:app run --port {port} --wc 2"),
    ],
    "starlette": ALONE,
    "quart": [
        *ALONE,
        _module("serves", "quart --app app.main:app run --port {port}", "refuses"),
    ],
    "aiohttp": [
        _module("serves", "aiohttp.web --port {port} app.main:create_app", "refuses"),
    ],
    "sanic": [
        # Its command line asks for an option that it has not on Windows (25.12).
        _module("breaks", "sanic app.main:create_app --port {port}"),
        Launcher("Sanic.run()", ("-c", SANIC_RUN), "serves", "breaks"),
    ],
}

# One that is new has at least ours.
LAUNCHERS = {framework: [*OURS, *OWN.get(framework, [])] for framework in WEB_FRAMEWORKS}
