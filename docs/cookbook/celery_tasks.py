"""Celery: a task is synchronous, and runs its coroutine on a loop of its own.

Drivers: asyncpg, psycopg
Packages: celery
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from celery import Celery  # type: ignore[import-untyped]
from celery.contrib.testing.worker import start_worker  # type: ignore[import-untyped]
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

# In memory, to try it out: there the worker is a thread of this process.
celery = Celery("tasks", broker="memory://", backend="cache+memory://")
CONNECTIONS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@celery.task  # type: ignore[untyped-decorator]
def shout(word: str) -> str:
    return run(_shout(word))


async def _shout(word: str) -> str:
    async with open_engine(load_settings(Settings)) as engine:
        return await _upper(engine, word)


async def _upper(engine: AsyncEngine, word: str) -> str:
    async with engine.connect() as connection:
        return str(await connection.scalar(select(func.upper(word))))


async def open_connections() -> int:
    async with open_engine(load_settings(Settings)) as engine, engine.connect() as connection:
        return int(await connection.scalar(CONNECTIONS))


def main() -> None:
    # The same as: celery -A celery_tasks worker --pool solo
    worker = {"pool": "solo", "perform_ping_check": False, "shutdown_timeout": 60}
    with start_worker(celery, **worker):
        results = [shout.delay(word) for word in ("one", "loop", "each")]
        print(*(result.get(timeout=30) for result in results))
    print("connections left open:", run(open_connections()))


if __name__ == "__main__":
    main()
