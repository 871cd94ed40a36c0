"""The contract that every worker keeps: each job is done once, however many workers there are."""

from __future__ import annotations

import json
from time import monotonic, sleep

from support.projects import PATIENCE, Project

JOBS = 20
SCRIPT = """
from app.event_loop import run
import sys
from app.companies.queries import create_company, list_companies
from app.customers.queries import list_customers
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.kit.jobs.queue import enqueue_job
from app.settings import Settings

async def main(number):
    async with open_engine(Settings()) as engine, create_sessions(engine).write.begin() as session:
        if not number:
            [company] = (await list_companies(session, limit=2)).items
            for customer in (await list_customers(session, company.id, limit=1000)).items:
                print(customer.name)
            return
        company = await create_company(session, name="Acme", industry="Anvils")
        for name in map(str, range(number)):
            customer = {"name": name, "email": "x@example.com"}
            payload = {"company_id": company.id, "customers": [customer]}
            await enqueue_job(session, "import_customers", payload=payload)

run(main(int(sys.argv[1])))
"""
"""Adds a company and so many jobs that add a customer to it each; with 0, prints the customers.
No two customers must differ: one that was added twice would be seen."""

# The last name is taken: none of them may stay.
CONFLICT = {"companies": [{"name": name, "industry": "Any"} for name in ("Żółć 🏭", "Acme")]}
ENVIRONMENT = {"WORKER_RETRY_DELAY": "0", "WORKER_MAX_ATTEMPTS": "3", "APP_LOG_LEVEL": "debug"}
"""For workers that are under contract."""


def enqueue(project: Project, url: str) -> None:
    """Add jobs that can be done, and then by command one that fails and one that is not for now."""
    project.succeed(project.python, "-c", SCRIPT, str(JOBS), DATABASE_URL=url)
    _run(project, url, "jobs", "add", "import_companies", json.dumps(CONFLICT))
    _run(project, url, "jobs", "add", "import_companies", "{}", "--delay", "3600")


def check(project: Project, url: str) -> None:
    """Wait until the workers are done; raise AssertionError if they did not what they should."""
    deadline = monotonic() + PATIENCE
    while len(_run(project, url, "jobs", "list", "--state", "queued")) > 1:
        assert monotonic() < deadline, _run(project, url, "jobs", "list")
        sleep(1)
    later, failed, *done = [line.split("\t") for line in _run(project, url, "jobs", "list")]
    assert len(done) == JOBS
    for _, kind, state, _, attempts, reason in done:
        assert (kind, state, attempts, reason) == ("import_customers", "done", "1", "")
    assert (later[2], later[4]) == ("queued", "0")
    assert (failed[2], failed[4]) == ("failed", "1")
    assert failed[5] == "There is a company with this name already."
    exported = [json.loads(line) for line in _run(project, url, "companies", "export")]
    assert [company["name"] for company in exported] == ["Acme"]
    customers = project.succeed(project.python, "-c", SCRIPT, "0", DATABASE_URL=url).split()
    assert sorted(customers) == sorted(map(str, range(JOBS)))


def _run(project: Project, url: str, *arguments: str) -> list[str]:
    return project.succeed(project.python, "-m", "app", *arguments, DATABASE_URL=url).splitlines()
