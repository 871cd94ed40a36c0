"""A worker with a kind of job that takes as long as a test likes."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import START_COMMAND

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.__main__ import main
from app.companies.queries import create_company
from app.jobs import HANDLERS


async def rest(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add a company, make the file `begun`, and go on when there is a file `go_on`."""
    await create_company(session, name=uuid4().hex, industry=START_COMMAND)
    await asyncio.to_thread(Path(payload["begun"]).touch)
    while not await asyncio.to_thread(Path(payload["go_on"]).exists):  # noqa: ASYNC110  another process's
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    HANDLERS["rest"] = rest
    sys.exit(main(["work"]))
