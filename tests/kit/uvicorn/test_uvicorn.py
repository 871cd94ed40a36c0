"""On Windows uvicorn's own command brings a loop of its own, and the service says so."""

import asyncio
import sys

from app import event_loop
from app.settings import Settings
from tests.kit.processes import run_python
from tests.kit.service import free_port
from tests.support.processes import environment

if sys.platform == "win32":
    # Elsewhere any loop will do.

    async def test_uvicorn_s_own_command_is_refused(settings: Settings) -> None:
        command = ["-m", "uvicorn", "app.main:app", "--port", str(free_port())]
        done = await asyncio.to_thread(run_python, *command, env=environment(settings))
        assert done.returncode != 0
        assert event_loop.START_COMMAND in done.stderr
