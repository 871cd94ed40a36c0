"""The log of requests: one line for each, once it is answered or given up.

- `POST /api/v1/orders 201 12 ms`
- `POST /api/v1/orders 201 30004 ms (client gone, committed)`
- `POST /api/v1/orders cancelled 48 ms (client gone, rolled back)`

And the id of each: in all lines of the log about it, and in its answer.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from time import perf_counter
from urllib.parse import quote

from app.kit.db.outcomes import Outcome, noted_outcomes
from app.kit.log import log_fields, with_log_fields
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.observation import note_exchange
# {% endif %}

logger = logging.getLogger("app.requests")

PLAIN = "/!$&'()*+,:;=@"
"""What a path may hold as it is (RFC 3986), besides letters and digits."""
ID_HEADER = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")


@dataclass(slots=True)
class Exchange:
    """A request that is being answered."""

    request_id: str
    """What the client or a proxy called it, or a random one."""
    outcomes: list[Outcome]
    """How its transactions ended so far."""
    route: str = ""
    """The template of its path, as the framework writes it, with the prefix of a proxy; known in
    the end, and empty if there is no such route."""
    status: int = 0
    """Of the answer; 0 before it begins."""
    client_gone: bool = False
    """Whether the client hung up before it had the answer."""


def current_request_id() -> str:
    """Return the id of the request that is being answered, or "" elsewhere."""
    return str(log_fields.get().get("request_id", ""))


@contextmanager
def logged(method: str, path: str, ids: Sequence[str], *, is_on: bool = True) -> Iterator[Exchange]:
    """Write the line when the block ends, however it does, if the log of requests `is_on`.

    `path` is decoded, and without the query, which may hold what is not for a log. `ids` are the
    values of ID_HEADER. The caller sets what the line says of the exchange.
    """
    # Several may be somebody's attempt to have us log another one than a proxy.
    given = ids[0] if len(ids) == 1 and _SANE_ID.fullmatch(ids[0]) else ""
    request_id = given or token_hex(8)
    started, ended = perf_counter(), "cancelled"
    with with_log_fields(request_id=request_id), noted_outcomes() as outcomes:
        exchange = Exchange(request_id, outcomes)
        # {% if cookiecutter.__telemetry %}
        note_exchange(exchange)
        # {% endif %}
        try:
            yield exchange
            ended = "answered" if exchange.status else ended
        except asyncio.CancelledError:
            raise
        except Exception:
            ended = "failed"
            raise
        finally:
            if is_on and logger.isEnabledFor(logging.INFO):
                _log(method, path, exchange, ended, perf_counter() - started)


def _log(method: str, path: str, exchange: Exchange, ended: str, duration: float) -> None:
    words = [str(exchange.status or ""), "" if ended == "answered" else ended]
    notes = ["client gone"] if exchange.client_gone else []
    if notes or words[1]:
        # Nobody was told by a status.
        notes += exchange.outcomes
    fields = {
        "method": method,
        "route": exchange.route or None,
        "status": exchange.status,
        "duration": round(duration, 6),
        "outcome": ended,
        "client_gone": exchange.client_gone,
        "transactions": exchange.outcomes,
    }
    logger.info(
        "%s %s %s %d ms%s",
        method,
        # Nothing that a client sends can end the line, or look like another's.
        quote(path, safe=PLAIN, errors="replace"),
        " ".join(filter(None, words)),
        1000 * duration,
        f" ({', '.join(notes)})" if notes else "",
        extra=fields,
    )
