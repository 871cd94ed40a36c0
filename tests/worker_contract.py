"""The contract that every worker keeps: each job is done once, however many workers there are."""

from __future__ import annotations

import json
from time import monotonic, sleep

from projects import PATIENCE, Project

JOBS = 20
ENQUEUE = f"""
from app.event_loop import run
from app.config import Settings
from app.db.engine import open_engine
from app.db.session import create_sessions
from app.jobs import enqueue_job

async def main():
    async with open_engine(Settings()) as engine, create_sessions(engine).write.begin() as session:
        for number in range({JOBS}):
            company = {{"name": f"Company {{number}}", "industry": "Any"}}
            await enqueue_job(session, "import_companies", payload={{"companies": [company]}})

run(main())
"""
# The name that is last is taken: none of its companies may stay.
CONFLICT = {"companies": [{"name": name, "industry": "Any"} for name in ("Żółć 🏭", "Company 0")]}
ENVIRONMENT = {"WORKER_RETRY_DELAY": "0", "WORKER_MAX_ATTEMPTS": "3", "APP_LOG_LEVEL": "debug"}
"""For workers that are under contract."""


def enqueue(project: Project, url: str) -> None:
    """Add jobs that can be done, and then by command one that fails and one that is not for now."""
    project.succeed(project.python, "-c", ENQUEUE, DATABASE_URL=url)
    _run(project, url, "jobs", "add", "import_companies", json.dumps(CONFLICT))
    _run(project, url, "jobs", "add", "import_companies", "{}", "--delay", "3600")


def check(project: Project, url: str) -> None:
    """Wait until the workers are done; raise AssertionError if they did not what they should."""
    deadline = monotonic() + PATIENCE
    while len(_run(project, url, "jobs", "list", "--state", "queued")) > 1:
        assert monotonic() < deadline, _run(project, url, "jobs", "list")
        sleep(0.2)
    later, failed, *done = [line.split("\t") for line in _run(project, url, "jobs", "list")]
    assert len(done) == JOBS
    for _, kind, state, _, attempts, reason in done:
        assert (kind, state, attempts, reason) == ("import_companies", "done", "1", "")
    assert (later[2], later[4]) == ("queued", "0")
    assert (failed[2], failed[4]) == ("failed", "3")
    assert failed[5].startswith("IntegrityError")
    exported = [json.loads(line) for line in _run(project, url, "companies", "export")]
    names = sorted(company["name"] for company in exported)
    assert names == sorted(f"Company {number}" for number in range(JOBS))


def _run(project: Project, url: str, *arguments: str) -> list[str]:
    command = [project.python, "-m", "app", *arguments]
    return project.succeed(*command, DATABASE_URL=url).splitlines()
