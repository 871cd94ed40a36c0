# {% if cookiecutter.__networked %}
"""Which jobs are being done: those whose rows their workers have locked."""
# {% else %}
"""Which job is being done: one at a time, in whichever process, since SQLite has one writer."""
# {% endif %}

# {% if cookiecutter.__networked %}
from collections.abc import Sequence
# {% else %}
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
# {% endif %}

from sqlalchemy import select

# {% if cookiecutter.__networked %}
from app.kit.db.session import Sessions
from app.kit.jobs.model import Job


async def running_of(jobs: Sequence[Job], sessions: Sessions) -> set[int]:
    """Return the ids of those `jobs` that a worker does at this moment."""
    claimed = {job.id for job in jobs if job.state == "queued" and job.started_at}
    if not claimed:
        return claimed
    query = select(Job.id).where(Job.id.in_(claimed)).with_for_update(skip_locked=True)
    async with sessions.write() as session:
        return claimed - set(await session.scalars(query))
# {% else %}
from app.kit.db.file_lock import open_lock, try_lock
from app.kit.db.session import Sessions
from app.kit.jobs.model import Job
from app.kit.settings import ServiceSettings


@contextmanager
def turn(settings: ServiceSettings) -> Iterator[bool]:
    """Yield whether nobody else does a job; if so, nobody does until the block ends.

    It is not the database's write lock, which a job takes with its first write only.
    """
    with open_lock(f"{settings.sqlalchemy_url.database}-jobs") as lock:
        yield try_lock(lock)


async def running_of(
    jobs: Sequence[Job], sessions: Sessions, settings: ServiceSettings
) -> set[int]:
    """Return the ids of those `jobs` that a worker does at this moment: one at most."""
    query = select(Job.id).where(Job.state == "queued", Job.started_at.is_not(None))
    with turn(settings) as nobody:
        if nobody:
            return set()
    # Those that were begun before had a worker that died.
    async with sessions.read() as session:
        last = await session.scalar(query.order_by(Job.started_at.desc()).limit(1))
    # A job that was begun after `jobs` were read is shown as it was.
    return {job.id for job in jobs if job.id == last and job.started_at}
# {% endif %}
