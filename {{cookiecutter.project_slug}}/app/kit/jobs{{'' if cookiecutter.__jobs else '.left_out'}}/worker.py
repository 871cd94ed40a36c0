"""The worker: consumers, and what wakes and what stops them."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
# {% if cookiecutter.__database == "mysql" %}
from datetime import timedelta
# {% endif %}
from typing import TypeVar

# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy.ext.asyncio import AsyncEngine

# {% endif %}
from app.kit.commands.processes import Stop
from app.kit.db.database import Database, open_database
# {% if cookiecutter.__database == "mysql" %}
from app.kit.db.driver import READ_OPTIONS
from app.kit.db.migration_guard import is_galera
# {% endif %}
from app.kit.jobs.bell import Bell
# {% if not cookiecutter.__telemetry %}
from app.kit.jobs.consumer import Consumer
# {% endif %}
from app.kit.jobs.handling import GRACE, Handler
# {% if cookiecutter.__postgresql %}
from app.kit.jobs.listener import keep_listening
# {% endif %}
# {% if cookiecutter.__database == "mysql" %}
from app.kit.jobs.queue import MOMENT
# {% endif %}
from app.kit.jobs.watchdog import watched_loop
from app.kit.log import open_log
from app.kit.resources import SharedResources
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.jobs import TracingConsumer, measure_queue
from app.kit.telemetry.lifespan import open_telemetry
# {% endif %}

Settings = TypeVar("Settings", bound=ServiceSettings)


async def do_jobs(
    settings: Settings,
    stop: Stop,
    *,
    handlers: Mapping[str, Handler],
    open_resources: Callable[[Settings, Database], AbstractAsyncContextManager[SharedResources]],
) -> None:
    """Do the jobs in the queue until `stop`.

    Jobs in hand then have APP_SHUTDOWN_TIMEOUT seconds to end; those that take longer are
    rolled back, and are queued as before.
    """
    # {% if cookiecutter.__networked %}
    settings = for_jobs(settings)
    # {% endif %}
    limit = settings.worker_job_timeout
    blocked = limit and limit + GRACE
    bell = Bell()
    connections = min(settings.db_prewarm, settings.worker_concurrency)
    async with (
        open_log(settings),
        # {% if cookiecutter.__telemetry %}
        open_telemetry(settings) as telemetry,
        # {% endif %}
        open_database(settings, prewarm=connections) as database,
        open_resources(settings, database) as resources,
        asyncio.TaskGroup() as tasks,
    ):
        # {% if cookiecutter.__telemetry %}
        telemetry.observe(database)
        measuring = tasks.create_task(measure_queue(database.sessions, telemetry))
        # {% if cookiecutter.__database == "mysql" %}
        patience = await patience_on(database.engine, limit)
        consumer = TracingConsumer(resources, bell, handlers, patience)
        # {% else %}
        consumer = TracingConsumer(resources, bell, handlers)
        # {% endif %}
        # {% elif cookiecutter.__database == "mysql" %}
        patience = await patience_on(database.engine, limit)
        consumer = Consumer(resources, bell, handlers, patience)
        # {% else %}
        consumer = Consumer(resources, bell, handlers)
        # {% endif %}
        consumers = [tasks.create_task(consumer.run()) for _ in range(settings.worker_concurrency)]
        # {% if cookiecutter.__postgresql %}
        listener = tasks.create_task(
            keep_listening(database.engine, settings, database.readiness, bell)
        )
        # {% endif %}
        with watched_loop(blocked):
            # Asked often, since on Windows no signal wakes a selector.
            while not stop.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        bell.stop()
        await asyncio.wait(consumers, timeout=settings.app_shutdown_timeout)
        for task in consumers:
            task.cancel()
        # {% if cookiecutter.__telemetry %}
        measuring.cancel()
        # {% endif %}
        # {% if cookiecutter.__postgresql %}
        listener.cancel()
        # {% endif %}
# {% if cookiecutter.__networked %}


def for_jobs(settings: Settings) -> Settings:
    """Return settings under which a job may rest, in its transaction, as long as it may take."""
    rest = settings.db_idle_transaction_timeout
    longest = rest and max(rest, settings.worker_job_timeout + GRACE)
    return settings.model_copy(update={"db_idle_transaction_timeout": longest})
# {% endif %}
# {% if cookiecutter.__database == "mysql" %}


async def patience_on(engine: AsyncEngine, limit: float) -> timedelta:
    """Return how long a job is left to the worker that has begun it, whether it is locked or not.

    On a Galera cluster no other node sees that lock, and a write there would undo the job: so it
    is as long as a job may take, `limit` seconds and its end, or a day without a limit.
    """
    async with engine.execution_options(**READ_OPTIONS).connect() as connection:
        galera = await connection.run_sync(is_galera)
    longest = timedelta(seconds=limit + 2 * GRACE) if limit else timedelta(days=1)
    return longest if galera else MOMENT
# {% endif %}
