"""The combinations of answers that are baked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from support.bake import ANSWERS, choices


def combinations() -> Iterator[dict[str, str]]:
    """Yield drivers x frameworks x event loops, frameworks x servers, those with jobs, the rest.

    Each other answer is there once.
    """
    first = ("driver", "framework", "windows_event_loop")
    for values in itertools.product(*map(choices, first)):
        driver, _, loop = values
        if loop != "native" or not ANSWERS["_drivers"][driver]["needs_selector"]:  # else refused
            yield dict(zip(first, values, strict=True))
    for framework, server in itertools.product(choices("framework"), choices("server")[1:]):
        if ANSWERS["_frameworks"][framework]["server"] == "asgi":  # else refused
            yield {"framework": framework, "server": server}
    for framework in choices("framework"):
        yield {"framework": framework, "jobs": "yes"}
        yield {"framework": framework, "jobs": "yes", "telemetry": "opentelemetry"}
    for driver in choices("driver")[1:]:
        yield {"driver": driver, "framework": "none", "jobs": "yes"}
    for driver in choices("driver"):
        yield {"driver": driver, "sync_engine": "yes"}
    others = [name for name, value in ANSWERS.items() if isinstance(value, list)]
    for name in sorted({*others} - {*first, "server", "jobs", "sync_engine"}):
        if not name.startswith("_"):
            yield from ({name: value} for value in choices(name)[1:])


def is_usual(combination: dict[str, str]) -> bool:
    """Tell whether it is no product of answers: those are baked on request (`-m full`)."""
    first = ("driver", "framework", "windows_event_loop")
    return sum(combination.get(name, choices(name)[0]) != choices(name)[0] for name in first) < 2
