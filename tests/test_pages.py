"""Pages of projects: short, linked from their README, and only of what their project has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from support.bake import ANSWERS, bake, choices
from support.pages import FENCE, blocks, read_headings, read_page

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
LONGEST = {"AGENTS.md": 60, "docs/first-resource.md": 260}
"""Lines; first-resource.md shows eight files whole. Others have `LINES` at most."""
LINES = 200
RENDERS = [
    *({"driver": driver, "framework": "none", "jobs": "yes"} for driver in choices("driver")),
    *(
        {"framework": framework, "jobs": "yes", "sync_engine": "yes"}
        for framework in choices("framework")
    ),
    {"driver": "aiosqlite", "example": "none"},
    {"telemetry": "opentelemetry"},
    {"windows_event_loop": "native", "server": "granian", "local_database": "no"},
]


@pytest.fixture(scope="module", params=RENDERS, ids=lambda answers: "-".join(answers.values()))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a render."""
    return bake(tmp_path_factory.mktemp("bake"), **request.param)


def pages(project: Path) -> dict[str, str]:
    """Return the Markdown of a project, by its place."""
    found = [*project.glob("*.md"), *project.glob("docs/*.md")]
    return {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8") for path in found
    }


def anchors(page: str) -> set[str]:
    """Return what a link may name behind the #, as GitHub makes it of a heading."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in headings}


def test_pages_are_short(project: Path) -> None:
    for name, text in pages(project).items():
        assert len(text.splitlines()) <= LONGEST.get(name, LINES), name
        assert max(map(len, FENCE.sub("", text).splitlines())) <= 400, name


def test_links_lead_somewhere(project: Path) -> None:
    found = pages(project)
    for name, text in found.items():
        for target, anchor in LINK.findall(FENCE.sub("", text)):
            path = (project / name).parent / target if target else project / name
            assert path.resolve().is_file(), (name, target)
            if anchor:
                assert anchor in anchors(path.read_text(encoding="utf-8")), (name, target, anchor)


def test_the_readme_leads_to_every_page(project: Path) -> None:
    found = pages(project)
    linked = {target for target, _ in LINK.findall(found["README.md"])}
    assert {name for name in found if name != "README.md"} <= linked
    assert ("docs/jobs.md" in found) == (project / "app" / "kit" / "jobs").exists()


def test_pages_name_files_and_settings_that_are_there(project: Path) -> None:
    """A file that the first resource adds may be named, too."""
    settings = (project / ".env.example").read_text(encoding="utf-8")
    given = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(given)["tool"]
    elsewhere = {"DB_PASS", "TEST_DATABASE_URL", "UV_SYSTEM_CERTS", "MARIADB_BIN"}
    for name, text in pages(project).items():
        prose = FENCE.sub("", text)
        for place in re.findall(r"`((?:app|tests|scripts|migrations|devtools)/[^` …]*)`", prose):
            if "invoices" not in place:
                assert (project / place).exists(), (name, place)
        for setting in re.findall(r"`((?:APP|DB|WORKER|DATABASE)_[A-Z_]+)", prose):
            assert setting in elsewhere or f"# {setting}=" in settings, (name, setting)


def test_blocks_of_python_can_be_compiled(project: Path) -> None:
    for name, text in pages(project).items():
        for block in blocks(text):
            if block.language == "python":
                compile(block.text, name, "exec")


def test_pages_have_what_concerns_their_project(
    project: Path, request: pytest.FixtureRequest
) -> None:
    """Without HTTP there is no guard of a server's loop, and only one driver minds Proactor."""
    answers = request.node.callspec.params["project"]
    driver = answers.get("driver", choices("driver")[0])
    found = read_headings(project)
    assert (
        any("ProactorEventLoop" in it for it in found)
        == ANSWERS["_drivers"][driver]["needs_selector"]
    )
    guarded = answers.get("framework") != "none" and "windows_event_loop" not in answers
    assert any("This project runs on" in it for it in found) == guarded
    page = read_page(project, "database.md")
    words = {"postgresql": "CONCURRENTLY", "mysql": "READ COMMITTED", "sqlite": "database.db"}
    for database, word in words.items():
        assert (word in page) == (database == ANSWERS["_drivers"][driver]["database"])
