"""Run by a project's Python: opens an engine warm, several times, and then waits for a line.

Its arguments: how many connections, and for each time the seconds after which it is cancelled,
or "never". Prints for each how it ended, and after how many seconds.
"""

# ruff: noqa: I001  (the policy comes first)
# Policy first: the event loop is chosen before anything imports a database driver.
from app import event_loop

import asyncio
import gc
import sys
from time import monotonic

from sqlalchemy.exc import DBAPIError

from app.kit.db.engine import open_engine
from app.settings import Settings


async def main(connections: int, moments: list[float | None]) -> None:
    for moment in moments:
        started, end = monotonic(), "open"
        try:
            async with asyncio.timeout(moment), open_engine(Settings(), prewarm=connections):
                pass
        except TimeoutError:
            end = "cancelled"
        except DBAPIError:
            end = "refused"
        print(end, monotonic() - started)
        gc.collect()
    print("waiting", 0, flush=True)
    # As long as the process lives, nobody closes its connections but itself.
    await asyncio.to_thread(sys.stdin.readline)


moments = [None if moment == "never" else float(moment) for moment in sys.argv[2:]]
event_loop.run(main(int(sys.argv[1]), moments))
