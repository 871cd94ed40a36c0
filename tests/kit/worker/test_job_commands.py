# {% if cookiecutter.__web %}
"""The queue, from the command line."""
# {% else %}
"""The queue and the companies, from the command line."""
# {% endif %}

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.__main__ import main
from app.kit.db.session import Sessions
from app.settings import Settings
# {% if cookiecutter.__web %}
from tests.kit.companies import count_companies
# {% endif %}
from tests.support.workers import finished, get_job, working

ACME = {"name": "Acme", "industry": "Anvils"}

pytestmark = pytest.mark.usefixtures("committing_sessions")


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    code: int
    output: str
    errors: str

    def rows(self) -> list[list[str]]:
        """Return the cells of the lines that it printed; it must have succeeded."""
        assert self.code == 0, self.errors
        return [line.split("\t") for line in self.output.splitlines()]


App = Callable[..., Awaitable[Done]]


@pytest.fixture
def app(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> App:
    """Return a function that runs a command, in a thread with a loop of its own."""
    url = settings.sqlalchemy_url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)

    def run(arguments: list[str]) -> int:
        try:
            return main(arguments)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1

    async def run_app(*arguments: str) -> Done:
        code = await asyncio.to_thread(run, [*arguments])
        return Done(code, *capsys.readouterr())

    return run_app


async def test_a_job_is_added_done_and_listed(
    app: App, settings: Settings, committing_sessions: Sessions
) -> None:
    await app("jobs", "add", "import_companies", json.dumps({"companies": [ACME]}))
    [[number, kind, state, *_]] = (await app("jobs", "list", "--state", "queued")).rows()
    assert (kind, state) == ("import_companies", "queued")
    async with working(settings):
        await finished(committing_sessions, int(number))
    assert not (await app("jobs", "list", "--state", "queued")).rows()
    [[_, _, state, *_]] = (await app("jobs", "list")).rows()
    assert state == "done"
    # {% if cookiecutter.__web %}
    assert await count_companies(committing_sessions) == 1
    # {% else %}
    [[_, name, industry]] = (await app("companies", "list")).rows()
    assert (name, industry) == ("Acme", "Anvils")
    # {% endif %}


async def test_a_failed_job_is_listed_with_its_reason_and_tried_again(
    app: App, settings: Settings, committing_sessions: Sessions
) -> None:
    await app("jobs", "add", "import_companies", "{}")
    [[number, *_]] = (await app("jobs", "list")).rows()
    async with working(settings):
        await finished(committing_sessions, int(number))
    [[*_, state, _, attempts, reason]] = (await app("jobs", "list")).rows()
    assert (state, attempts) == ("failed", "1")
    # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
    assert "missing required field `companies`" in reason
    # {% else %}
    assert "companies: Field required" in reason
    # {% endif %}
    await app("jobs", "retry", number)
    assert (await get_job(committing_sessions, int(number))).state == "queued"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_payload_is_read_from_a_file(
    app: App, committing_sessions: Sessions, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "companies.json"
    companies = {"companies": [{"name": "Żółć 🏭", "industry": "Ink"}]}
    file.write_text(json.dumps(companies, ensure_ascii=False), encoding=encoding)
    await app("jobs", "add", "import_companies", "--file", str(file))
    [[number, *_]] = (await app("jobs", "list")).rows()
    assert (await get_job(committing_sessions, int(number))).payload == companies


async def test_a_delayed_job_waits(app: App, committing_sessions: Sessions) -> None:
    await app("jobs", "add", "import_companies", "--delay", "3600")
    [[number, *_]] = (await app("jobs", "list")).rows()
    job = await get_job(committing_sessions, int(number))
    assert (job.available_at - job.created_at).total_seconds() == pytest.approx(3600, abs=60)


# {% if not cookiecutter.__web %}
async def test_companies_are_added_and_exported(app: App) -> None:
    await app("companies", "add", "Żółć 🏭", "Ink")
    [[line]] = (await app("companies", "export")).rows()
    company = json.loads(line)
    assert (company["name"], company["industry"]) == ("Żółć 🏭", "Ink")
    again = await app("companies", "add", "Żółć 🏭", "Ink")
    assert again.code == 1
    assert len(again.errors.splitlines()) == 1


# {% endif %}
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["jobs", "add", "make_coffee", "{}"], "import_companies"),
        (["jobs", "add", "import_companies", "{"], "no JSON"),
        (["jobs", "add", "import_companies", "[]"], "no JSON object"),
        (["jobs", "retry", "4711"], "There is no failed job 4711."),
        # {% if not cookiecutter.__web %}
        (["companies", "add", " ", "Ink"], "name"),
        # {% endif %}
    ],
)
async def test_a_mistake_is_told_in_one_sentence(app: App, arguments: list[str], word: str) -> None:
    done = await app(*arguments)
    assert done.code == 1
    assert len(done.errors.splitlines()) == 1, done.errors
    assert word in done.errors


@pytest.mark.parametrize(
    "arguments", [["jobs", "retry", "seven"], ["jobs", "list", "--state", "lost"], ["nothing"]]
)
async def test_what_is_no_command_is_explained(app: App, arguments: list[str]) -> None:
    done = await app(*arguments)
    assert done.code == 2
    assert "--help" in done.errors
    assert "Traceback" not in done.errors
