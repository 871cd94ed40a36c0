"""The log of requests: one line for each, once it is answered or given up.

- `POST /api/v1/orders 201 12 ms`
- `POST /api/v1/orders 201 30004 ms (client gone, committed)`
- `POST /api/v1/orders cancelled 48 ms (client gone, rolled back)`
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import quote

from app.kit.db.outcomes import Outcome, noted_outcomes

logger = logging.getLogger("app.requests")

PLAIN = "/!$&'()*+,:;=@"
"""What a path may hold as it is (RFC 3986), besides letters and digits."""


@dataclass(slots=True)
class Exchange:
    """A request that is being answered."""

    outcomes: list[Outcome]
    """How its transactions ended so far."""
    status: int = 0
    """Of the answer; 0 before it begins."""
    client_gone: bool = False
    """Whether the client hung up before it had the answer."""


def is_logged() -> bool:
    """Return whether the level of the log lets the lines through."""
    return logger.isEnabledFor(logging.INFO)


@contextmanager
def logged(method: str, path: str) -> Iterator[Exchange]:
    """Write the line when the block ends, however it does.

    `path` is decoded, and without the query, which may hold what is not for a log. The
    caller sets what the line says of the exchange.
    """
    started, ended = perf_counter(), "cancelled"
    with noted_outcomes() as outcomes:
        exchange = Exchange(outcomes)
        try:
            yield exchange
            ended = "" if exchange.status else ended
        except asyncio.CancelledError:
            raise
        except Exception:
            ended = "failed"
            raise
        finally:
            duration = 1000 * (perf_counter() - started)
            words = [str(exchange.status or ""), ended]
            notes = ["client gone"] if exchange.client_gone else []
            if notes or ended:
                # Nobody was told by a status.
                notes += outcomes
            logger.info(
                "%s %s %s %d ms%s",
                method,
                # Nothing that a client sends can end the line, or look like another's.
                quote(path, safe=PLAIN, errors="replace"),
                " ".join(filter(None, words)),
                duration,
                f" ({', '.join(notes)})" if notes else "",
            )
