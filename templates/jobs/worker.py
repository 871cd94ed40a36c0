"""The worker, which does the jobs in the queue."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from app.jobs import HANDLERS
from app.kit.commands.processes import Stop
from app.kit.jobs.worker import do_jobs
from app.resources import open_resources
from app.settings import Settings


async def work(settings: Settings, stop: Stop) -> None:
    """Do the jobs in the queue until `stop`."""
    ensure_compatible_loop(of_server=True)
    await do_jobs(settings, stop, handlers=HANDLERS, open_resources=open_resources)
