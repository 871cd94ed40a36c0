"""Run by a project's Python: units of work that are cancelled, and what is left of them.

Prints as JSON what `Aftermath` in test_cancellations.py has. Its arguments: the number of units,
how many run at a time, and the seed.
"""

# ruff: noqa: I001  (the policy comes first)
# Policy first: the event loop is chosen before anything imports a database driver.
from app import event_loop

import asyncio
import json
import random
import sys
from collections import Counter

from sqlalchemy import select
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db import driver
from app.kit.db.engine import open_engine
from app.kit.db.outcomes import noted_outcomes
from app.kit.db.session import create_sessions
from app.settings import Settings

MOST_CANCELLATIONS = 3


async def main(number: int, at_once: int, seed: int) -> None:
    settings, gate = Settings(), asyncio.Semaphore(at_once)
    dice = random.Random(seed)  # noqa: S311  is to be the same each time
    loop, ends, outcomes = asyncio.get_running_loop(), Counter[str](), Counter[str]()
    reported: set[str] = set()

    async def unit(name: str) -> None:
        with noted_outcomes() as noted:
            try:
                async with sessions.write.begin() as session:
                    await create_company(session, name=name, industry="Storms")
            finally:
                outcomes.update(noted)
                reported.update({name} if "committed" in noted else ())

    async def storm(name: str, pauses: list[float]) -> None:
        async with gate:
            task = asyncio.create_task(unit(name))
            for pause in pauses:
                await asyncio.sleep(pause)
                ends["cancellations"] += task.cancel()
            await asyncio.wait([task])
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        ends[type(error).__name__ if error else "done"] += 1

    async with open_engine(settings, prewarm=settings.db_prewarm) as engine:
        sessions = create_sessions(engine)
        started = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for calm in range(at_once):
                tasks.create_task(unit(f"Calm {calm}"))
        # As long as a unit takes when all are at work: so cancellations come at every stage.
        scale = loop.time() - started
        async with asyncio.TaskGroup() as tasks:
            for one in range(number):
                cancellations = dice.randint(0, MOST_CANCELLATIONS)
                pauses = [dice.uniform(0, scale / 3) for _ in range(cancellations)]
                tasks.create_task(storm(f"Storm {one}", pauses))
        pool = engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        checked_out = pool.checkedout()
        async with sessions.read() as session:
            rows = set((await session.scalars(select(Company.name))).all())

        reading = engine.execution_options(**driver.READ_OPTIONS)
        held, all_held = 0, asyncio.Event()

        async def hold() -> None:
            nonlocal held
            async with reading.connect() as connection:
                await connection.exec_driver_sql("SELECT 1")
                held += 1
                if held == settings.db_pool_size:
                    all_held.set()
                await all_held.wait()

        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for _ in range(settings.db_pool_size):
                tasks.create_task(hold())
    print(
        json.dumps(
            {
                "ends": ends,
                "outcomes": outcomes,
                "checked_out": checked_out,
                "capacity": held,
                "missing": sorted(reported - rows),
                "unreported": sorted(rows - reported),
                "rows": len(rows),
            }
        )
    )


event_loop.run(main(*map(int, sys.argv[1:])))
