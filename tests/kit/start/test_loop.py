"""However the service is started, it runs on the loop that the project chose."""

import asyncio
from contextlib import closing

import pytest

from app import event_loop
from app.settings import Settings
from tests.kit.service import running_service
from tests.support.processes import environment

WAYS_TO_START = [("serve",), ("serve", "--workers", "2"), ("dev",)]


@pytest.mark.parametrize("command", WAYS_TO_START, ids=" ".join)
async def test_it_runs_on_the_chosen_loop(migrated: Settings, command: tuple[str, ...]) -> None:
    with running_service(*command, env=environment(migrated)) as service:
        async with service.client() as client:
            assert (await client.get("/api/v1/companies")).status_code == 200
        service.ask_to_stop()
        output = await asyncio.to_thread(service.wait)
    with closing(event_loop.new_event_loop()) as chosen:
        assert f" runs on {event_loop.loop_name(type(chosen))}" in output
