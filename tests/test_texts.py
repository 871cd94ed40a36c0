"""A column accepts the same texts over HTTP, with each library of schemas, and from a job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from support.bake import ANSWERS, choices
from support.http.contract import COMPANIES
from support.projects import Project, Variant, each, migrated_database, serving

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
# The first framework of each library.
OVER_HTTP: list[Variant] = [
    (DRIVER, next(name for name, facts in ANSWERS["_frameworks"].items() if facts["schemas"] == it))
    for it in ("pydantic", "msgspec")
]

NAMES = {
    "a": True,
    "x" * 120: True,
    "Żółć 🏭": True,
    "日本": True,
    "e\u0301": True,  # stored as it is, not as one character
    "👩\u200d👧": True,  # joined by a character of no width
    "می\u200cخواهم": True,  # noqa: RUF001  and told apart by one
    "\u200fעברית\u200e": True,  # noqa: RUF001
    " around ": True,
    "two\nlines": True,
    "a line\n": True,
    "a\ttab": True,
    "\x1b[31mred": True,
    "\u202egnp.exe": True,
    "": False,
    "x" * 121: False,
    "a\x00": False,
    "\x00": False,
    " ": False,
    "\n": False,
    "\x1f\x7f\x85": False,
    "\xa0\u2003\u3000": False,
    "\xad": False,
    "\u200b": False,
    "\u200b\u200c\u200d": False,
    "\u200e\u200f\u061c": False,
    "\u202a\u202e\u2066\u2069": False,
    "\u2028\u2029": False,
    "\u2060\u2063": False,
    "\u180e": False,
    "\u034f\ufe0f": False,
    "\u115f\u1160\u3164\uffa0": False,
    "\u2800": False,
    "\ufeff": False,
}
"""Texts, and whether a company may have them for its name."""

EMAILS = {
    "ines@example.com": True,
    "żółć@example.com": True,
    "a@b": True,
    "": False,
    "a@": False,
    "@b": False,
    "a@b@c": False,
    "a b@c": False,
    "a@b\n": False,
    "a\x00@b": False,
    "a@b\x1f": False,
    "a@\x85b": False,
    "a\xa0@b": False,
    "a\u200b@b": False,
    "a\u202e@b": False,
    "a@b\u2028": False,
    "a@\ufeffb": False,
    "a\u3164@b": False,
    "x" * 253 + "@b": False,
}

DO_JOBS = """
from app.event_loop import run
import json, sys
from app.companies.queries import create_company
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.jobs import HANDLERS
from app.kit.jobs.failures import HopelessError
from app.kit.jobs.handling import handle
from app.settings import Settings

async def takes(sessions, kind, **payload):
    async with sessions.write.begin() as session:
        try:
            await handle(HANDLERS[kind], session, kind=kind, payload=payload, limit=0)
        except HopelessError:
            return False
    return True

async def main(names, emails):
    async with open_engine(Settings()) as engine:
        sessions = create_sessions(engine)
        async with sessions.write.begin() as session:
            company = await create_company(session, name="Acme", industry="Anvils")
        companies = [[{"name": name, "industry": "Any"}] for name in names]
        customers = [[{"name": "Ines", "email": email}] for email in emails]
        print(json.dumps([
            [await takes(sessions, "import_companies", companies=it) for it in companies],
            [
                await takes(sessions, "import_customers", company_id=company.id, customers=it)
                for it in customers
            ],
        ]))

run(main(*json.loads(sys.argv[1])))
"""
"""Does a job for each text, and prints which of them it took."""


@pytest.mark.parametrize("variant", each([*OVER_HTTP, (DRIVER, "none")]))
def test_a_column_takes_the_same_texts(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = installed(variant)
    with migrated_database(project, tmp_path) as url:
        if variant in OVER_HTTP:
            with serving(project, tmp_path / "log", DATABASE_URL=url) as service:
                names, emails = taken_over_http(service.url)
        else:
            asked = json.dumps([[*NAMES], [*EMAILS]])
            told = project.succeed(project.python, "-c", DO_JOBS, asked, DATABASE_URL=url)
            names, emails = json.loads(told)
    assert dict(zip(NAMES, names, strict=True)) == NAMES
    assert dict(zip(EMAILS, emails, strict=True)) == EMAILS


def taken_over_http(url: str) -> tuple[list[bool], list[bool]]:
    """Return which names and e-mail addresses were taken; they come back as they were sent."""
    with httpx2.Client(base_url=url, timeout=30) as client:

        def takes(path: str, **body: str) -> bool:
            response = client.post(path, json=body)
            assert response.status_code in {201, 422}, (body, response.text)
            if response.status_code == 201:
                assert client.get(response.headers["Location"]).json().items() >= body.items()
            return response.status_code == 201

        names = [takes(COMPANIES, name=name, industry="Any") for name in NAMES]
        company = client.post(COMPANIES, json={"name": "Acme", "industry": "Anvils"}).headers
        path = f"{company['Location']}/customers"
        return names, [takes(path, name="Ines", email=email) for email in EMAILS]
