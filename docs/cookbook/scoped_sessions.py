"""`async_scoped_session`: a session for each task, found by whoever asks, until `remove()`.

Drivers: asyncpg, psycopg, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
from asyncio import current_task

from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
)

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

Scoped = async_scoped_session[AsyncSession]


def scoped(engine: AsyncEngine) -> Scoped:
    return async_scoped_session(async_sessionmaker(engine), scopefunc=current_task)


async def ask(sessions: Scoped) -> None:
    """Use the task's session, as a function does to which nobody passes one."""
    await sessions.execute(text("SELECT 1"))


async def job(sessions: Scoped) -> None:
    try:
        await ask(sessions)
        await sessions.commit()
    finally:
        # In this task: another one would remove its own.
        await sessions.remove()


async def main() -> None:
    async with open_engine(load_settings(Settings, {"db_pool_timeout": 3})) as engine:
        sessions = scoped(engine)
        mine = sessions()
        print("the same in this task:", sessions() is mine)

        async def of_another_task() -> AsyncSession:
            return sessions()

        theirs = await asyncio.create_task(of_another_task())
        print("another one in a task of it:", theirs is not mine)
        await sessions.remove()

        sessions = scoped(engine)
        await asyncio.gather(*(job(sessions) for _ in range(20)))
        kept = sessions.registry.registry
        print("sessions kept after 20 jobs:", len(kept))
        async with asyncio.TaskGroup() as tasks:
            forgetful = [tasks.create_task(ask(sessions)) for _ in range(10)]
        print(f"after {len(forgetful)} that forget remove():", len(kept))
        try:
            await ask(sessions)
        except PoolTimeoutError as error:
            print("the next one:", type(error).__name__)
        for session in kept.values():
            await session.close()


if __name__ == "__main__":
    run(main())
