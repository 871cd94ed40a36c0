"""A server restarts while the pool of a service is idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2

from support.http.contract import COMPANIES

Act = Callable[[], object]


def assert_idle_pool_survives(
    url: str, figures: Callable[[str], None], *, start: Act, ends: tuple[Act, Act]
) -> None:
    """Expect that no client learns of it, one by one after the first end, at once after the other.

    The server is back when `start` returns.
    """
    with httpx2.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(10) as threads:

        def read(_number: int) -> int:
            return client.get(COMPANIES).status_code

        list(threads.map(read, range(10)))
        ends[0]()
        start()
        sequential = Counter(map(read, range(6)))
        ends[1]()
        start()
        concurrent = Counter(threads.map(read, range(10)))
    figures(f"answers after a restart, one by one {dict(sequential)}, at once {dict(concurrent)}")
    assert (sequential, concurrent) == ({200: 6}, {200: 10})
