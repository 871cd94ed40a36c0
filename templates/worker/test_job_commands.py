"""The queue and the companies, from the command line."""

import asyncio
import json
import subprocess

import pytest

from app.config import Settings
from app.db.session import Sessions
from tests.processes import environment, run_python
from tests.workers import finished, get_job, working

ACME = {"name": "Acme", "industry": "Anvils"}

pytestmark = pytest.mark.usefixtures("committing_sessions")


async def run_app(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m app` to its end."""
    return await asyncio.to_thread(run_python, "-m", "app", *arguments, env=environment(settings))


async def succeed(settings: Settings, *arguments: str) -> list[list[str]]:
    """Run a command that must succeed; return the cells of the lines that it prints."""
    done = await run_app(settings, *arguments)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


async def test_a_job_is_added_done_and_listed(
    settings: Settings, committing_sessions: Sessions
) -> None:
    payload = json.dumps({"companies": [ACME]})
    await succeed(settings, "jobs", "add", "import_companies", payload)
    [[number, kind, state, *_]] = await succeed(settings, "jobs", "list", "--state", "queued")
    assert (kind, state) == ("import_companies", "queued")
    async with working(settings):
        await finished(committing_sessions, int(number))
    assert not await succeed(settings, "jobs", "list", "--state", "queued")
    [[_, _, state, *_]] = await succeed(settings, "jobs", "list")
    assert state == "done"
    [[_, name, industry]] = await succeed(settings, "companies", "list")
    assert (name, industry) == ("Acme", "Anvils")


async def test_a_failed_job_is_listed_with_its_reason_and_tried_again(
    settings: Settings, committing_sessions: Sessions
) -> None:
    await succeed(settings, "jobs", "add", "import_companies", "{}")
    [[number, *_]] = await succeed(settings, "jobs", "list")
    async with working(settings):
        await finished(committing_sessions, int(number))
    [[*_, state, _, attempts, reason]] = await succeed(settings, "jobs", "list")
    assert (state, attempts) == ("failed", "1 attempts")
    assert "companies: Field required" in reason
    await succeed(settings, "jobs", "retry", number)
    assert (await get_job(committing_sessions, int(number))).state == "queued"


async def test_a_delayed_job_waits(settings: Settings, committing_sessions: Sessions) -> None:
    await succeed(settings, "jobs", "add", "import_companies", "{}", "--delay", "3600")
    [[number, *_]] = await succeed(settings, "jobs", "list")
    job = await get_job(committing_sessions, int(number))
    assert (job.available_at - job.created_at).total_seconds() == pytest.approx(3600, abs=60)


async def test_companies_are_added_and_exported(settings: Settings) -> None:
    await succeed(settings, "companies", "add", "Żółć 🏭", "Ink")
    [[line]] = await succeed(settings, "companies", "export")
    company = json.loads(line)
    assert (company["name"], company["industry"]) == ("Żółć 🏭", "Ink")
    again = await run_app(settings, "companies", "add", "Żółć 🏭", "Ink")
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["jobs", "add", "make_coffee", "{}"], "import_companies"),
        (["jobs", "add", "import_companies", "{"], "no JSON"),
        (["jobs", "add", "import_companies", "[]"], "no JSON object"),
        (["jobs", "retry", "4711"], "There is no failed job 4711."),
        (["companies", "add", " ", "Ink"], "name"),
    ],
)
async def test_a_mistake_is_told_in_one_sentence(
    settings: Settings, arguments: list[str], word: str
) -> None:
    done = await run_app(settings, *arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert word in done.stderr


@pytest.mark.parametrize(
    "arguments", [["jobs", "retry", "seven"], ["jobs", "list", "--state", "lost"], ["nothing"]]
)
async def test_what_is_no_command_is_explained(settings: Settings, arguments: list[str]) -> None:
    done = await run_app(settings, *arguments)
    assert done.returncode == 2
    assert "--help" in done.stderr
    assert "Traceback" not in done.stderr
