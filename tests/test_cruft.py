"""Projects are created, checked and updated with cruft, and keep what their owners wrote."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import pytest
from support.bake import PROJECT, TEMPLATE, bake, choices
from support.repositories import commit, copy_template, insert, run, succeed
from support.updates import (
    NOTE,
    assert_merged_clean,
    change_template,
    directories,
    edit,
    files,
    with_edits,
)


def cruft(directory: Path, *arguments: str) -> str:
    """Run cruft as its users do."""
    return succeed(directory, sys.executable, "-m", "cruft", *arguments)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a repository of the template as it is in this working tree."""
    return copy_template(tmp_path / "template")


def create(template: Path, output: Path, **answers: str) -> Path:
    """Create a project with cruft, and commit it."""
    output.mkdir()
    cruft(
        output,
        *("create", str(template), "--no-input", "--default-config"),
        *("--extra-context", json.dumps(answers)),
    )
    [project] = output.iterdir()
    succeed(project, "git", "init", "--quiet", "--initial-branch=main")
    commit(project, "Created")
    return project


@pytest.mark.parametrize(
    "driver",
    [
        # What a driver's sources are included by is the same for all.
        *choices("driver")[:2],
        *(pytest.param(driver, marks=pytest.mark.full) for driver in choices("driver")[2:]),
    ],
)
def test_create_check_diff_and_update(template: Path, tmp_path: Path, driver: str) -> None:
    project = create(template, tmp_path / "work", driver=driver)
    assert files(project) == files(bake(tmp_path / "fresh", driver=driver))
    cruft(project, "check")
    # Both sides are rendered, and neither says what comes next.
    assert not cruft(project, "diff")
    # It repeats the template's tables, in every commit that updates.
    assert (project / ".cruft.json").stat().st_size <= 6600

    change_template(template)
    edit(project)
    assert run(project, sys.executable, "-m", "cruft", "check").returncode == 1
    assert "uv sync" not in cruft(project, "update", "--skip-apply-ask")
    assert_merged_clean(project)
    cruft(project, "check")
    later = "# A later version of the template."
    assert later in files(project)["app/kit/pages.py"]
    assert (later in files(project)["app/kit/db/driver.py"]) == (driver == "asyncpg")
    assert NOTE in files(project)["app/companies/queries.py"]


USUAL = {*[*itertools.pairwise(choices("driver"))][:1]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(*pair, id="-to-".join(pair), marks=marks)
        for pair in itertools.permutations(choices("driver"), 2)
        for marks in [[] if pair in USUAL else [pytest.mark.full]]
    ],
)
def test_another_driver_is_an_update(template: Path, tmp_path: Path, old: str, new: str) -> None:
    project = create(template, tmp_path / "work", driver=old)
    edit(project)
    answers = json.dumps({"driver": new})
    cruft(project, "update", "--skip-apply-ask", "--variables-to-update", answers)
    assert_merged_clean(project)
    fresh = create(template, tmp_path / "fresh", driver=new)
    assert files(project) == with_edits(files(fresh))


def test_the_framework_and_the_jobs_are_updates_and_back(template: Path, tmp_path: Path) -> None:
    project = create(template, tmp_path / "work")
    edit(project)
    answered: dict[str, str] = {}
    for name, new in (
        ("framework", "none"),
        ("jobs", "yes"),
        ("framework", "fastapi"),
        ("jobs", "no"),
    ):
        answered[name] = new
        answers = json.dumps({name: new})
        cruft(project, "update", "--skip-apply-ask", "--variables-to-update", answers)
        assert_merged_clean(project)
        fresh = create(template, tmp_path / "-".join(answered.values()), **answered)
        assert files(project) == with_edits(files(fresh))
        assert directories(project) == directories(fresh)
        commit(project, f"Changed {name} to {new}")


def test_update_from_the_commit_before(tmp_path: Path) -> None:
    """The template's own history: whoever has the last version gets this one."""
    if run(TEMPLATE, "git", "rev-parse", "--verify", "HEAD~1:cookiecutter.json").returncode:
        pytest.skip("the template has no earlier commit here")
    template = tmp_path / "template"
    succeed(tmp_path, "git", "clone", "--quiet", str(TEMPLATE), str(template))
    newest = succeed(template, "git", "rev-parse", "HEAD").strip()
    succeed(template, "git", "reset", "--quiet", "--hard", "HEAD~1")
    project = create(template, tmp_path / "work")
    edit(project)
    succeed(template, "git", "reset", "--quiet", "--hard", newest)
    cruft(project, "update", "--skip-apply-ask")
    assert_merged_clean(project)
    fresh = create(template, tmp_path / "fresh")
    assert files(project) == with_edits(files(fresh))


OWNERS_LINES = {
    "app/main.py": {
        "from app.settings import Settings\n": "from app.visits.routes import router as visits\n",
        '    app.include_router(customers, prefix="/api/v1")\n': "    app.include_router(visits)\n",
    },
    "app/settings.py": {
        '`app/kit/db/settings.py`.\n    """\n': '\n    mail_host: str = "localhost"\n'
    },
    "app/resources.py": {"    settings: Settings\n": '    mail_host: str = "localhost"\n'},
    "app/__main__.py": {"import sys\n": "import os\n"},
    "pyproject.toml": {'    "sqlalchemy[asyncio]': '    "structlog>=25",\n'},
    ".env.example": {"": "# MAIL_HOST=localhost\n"},
    "migrations/env.py": {"import sys\n": "import os\n"},
    "tests/conftest.py": {"_server = ExitStack()\n": "OURS = 1\n"},
    "README.md": {"": "\n## Ours\n\nThis service is about visits.\n"},
    "AGENTS.md": {"": "\n## Ours\n\nA visit is never deleted.\n"},
    "docs/operate.md": {"": "\n## Ours\n\nAsk Ines before you deploy.\n"},
}
"""What an owner adds to files that the template changes, too: each text behind another one."""
TEMPLATES_LINES = {
    "templates/frameworks/fastapi/main.py": "    settings = settings or ",
    f"{PROJECT}/app/settings.py": "from app.kit.settings import ServiceSettings\n",
    "templates/frameworks/fastapi/resources.py": "from typing import Annotated\n",
    f"{PROJECT}/app/__main__.py": "    settings=Settings,\n",
    f"{PROJECT}/pyproject.toml": "dependencies = [\n",
    f"{PROJECT}/.env.example": "# APP_PORT=8000\n",
    f"{PROJECT}/migrations/env.py": "    register_models()\n",
    f"{PROJECT}/tests/conftest.py": "    _server.close()\n",
    f"{PROJECT}/README.md": "## Commands\n",
    f"{PROJECT}/AGENTS.md": "## Rules\n",
    f"{PROJECT}/docs/operate.md": "## Deploy\n",
}
"""Where a later version of the template changes these files, and app/kit/ beside them."""


def test_what_owners_add_to_shared_files_merges(template: Path, tmp_path: Path) -> None:
    project = create(template, tmp_path / "work")
    for name, lines in OWNERS_LINES.items():
        for place, line in lines.items():
            insert(project / name, place, line)
    commit(project, "Our lines")
    for name, place in TEMPLATES_LINES.items():
        insert(template / name, place, f"{'' if place[0] != ' ' else '    '}# Later.\n")
    insert(template / PROJECT / "app/kit/pages.py", "", "\n# Later.\n")
    commit(template, "A later version")
    cruft(project, "update", "--skip-apply-ask")
    assert_merged_clean(project)
    merged = files(project)
    assert "# Later." in merged["app/kit/pages.py"]
    for name, lines in OWNERS_LINES.items():
        assert "# Later." in merged[name], name
        assert all(line in merged[name] for line in lines.values()), name
