"""A time limit for requests that arrive slowly (slowloris): uvicorn itself has none."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes that may come before, between and after the parts of a body."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP that hangs up on a request which has not arrived after `patience` seconds.

    Or whose head is larger than MAX_HEAD: uvicorn would keep all of it.
    """

    def __init__(self, *arguments: Any, patience: float, **options: Any) -> None:
        """Allow `patience` seconds for each request to arrive."""
        super().__init__(*arguments, **options)
        self._patience = patience
        self._overhead = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None:
            self._wait()
        self._overhead += len(data)
        super().data_received(data)
        if self._overhead > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_body(self, body: bytes) -> None:
        self._overhead = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self._patience, self._give_up)

    def _arrived(self) -> None:
        self._overhead = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        cycle: Any = self.cycle
        if cycle is not None and not (cycle.more_body or cycle.response_complete):
            # The beginning of another request; the one before is being answered.
            self._wait()
        else:
            self.transport.close()
