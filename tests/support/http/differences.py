"""Differences between frameworks, and between servers, that no setting takes away.

The tables of docs/requests.md say the same: `tests/test_docs.py` compares them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class GoesOn(NamedTuple):
    """Whether a request goes on when its client goes away."""

    while_a_statement_runs: bool
    while_it_commits: bool


ABANDONED = {
    "fastapi": GoesOn(while_a_statement_runs=True, while_it_commits=True),
    "litestar": GoesOn(while_a_statement_runs=True, while_it_commits=True),
    "starlette": GoesOn(while_a_statement_runs=True, while_it_commits=True),
    "quart": GoesOn(while_a_statement_runs=False, while_it_commits=True),
    "aiohttp": GoesOn(while_a_statement_runs=True, while_it_commits=True),
    "sanic": GoesOn(while_a_statement_runs=False, while_it_commits=True),
}
"""Each framework's requests whose clients go away."""
READS_OTHER_JSON = {
    "fastapi": True,
    "litestar": False,
    "starlette": False,
    "quart": True,
    "aiohttp": False,
    "sanic": False,
}
"""Whether a framework reads a body that is `application/…+json`."""


class End(StrEnum):
    """What a server does with a client that goes too far."""

    HANGS_UP = "hangs up"
    HANGS_UP_LATER = "hangs up, or half as long again later"
    ANSWERS = "is answered, the connection stays"
    ANSWERS_FIRST = "is answered, and hung up on as long again later"
    READS_ON = "reads on for 10 s at most, keeps nothing, and hangs up"


SLOW_CLIENTS = {
    "uvicorn": {"head": End.HANGS_UP, "body": End.HANGS_UP},
    "granian": {"head": End.HANGS_UP, "body": End.ANSWERS},
    "hypercorn": {"head": End.HANGS_UP, "body": End.HANGS_UP},
    "aiohttp": {"head": End.HANGS_UP, "body": End.ANSWERS_FIRST},
    "sanic": {"head": End.HANGS_UP_LATER, "body": End.HANGS_UP},
}
"""What becomes of clients that are slow with the head, or with the body, of a request."""
LARGE_BODIES = {
    "uvicorn": End.HANGS_UP,
    "granian": End.HANGS_UP,
    "hypercorn": End.HANGS_UP,
    "aiohttp": End.READS_ON,
    "sanic": End.HANGS_UP,
}
"""What becomes of clients that go on with a body that is too large, after the answer."""


class ExitCodes(NamedTuple):
    """The exit codes of a service that is asked to stop; None is that of the signal itself."""

    sigterm: int | None = 0
    sigint: int | None = 0
    sigterm_workers: int | None = 0
    sigint_workers: int | None = 0


EXIT_CODES = {
    "uvicorn": ExitCodes(sigterm=None),
    "granian": ExitCodes(),
    "hypercorn": ExitCodes(),
    "aiohttp": ExitCodes(),
    "sanic": ExitCodes(),
}
