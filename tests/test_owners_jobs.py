"""What owners write with the session of a job."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from observer import wait_until
from projects import Copy, Project, Variant, each, migrated_database, running
from test_owners_sessions import OVER, OWNERS

pytestmark = pytest.mark.projects


@pytest.mark.parametrize("variant", each([("aiosqlite", "none")]))
def test_the_tasks_of_a_job_have_a_session_of_their_own(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = Copy.of(installed(variant), tmp_path)
    shutil.copy(OWNERS / "work.py", project.path / "app" / "work.py")
    shutil.copy(OWNERS / "none.py", project.path / "app" / "owner.py")
    name = "app/jobs.py"
    project.replace(
        name, '    "import_companies"', '    "owner": leave_tasks_behind,\n    "import_companies"'
    )
    project.replace(name, "\n\nHANDLERS", "\nfrom app.owner import leave_tasks_behind\n\nHANDLERS")

    def companies() -> str:
        return project.succeed(project.python, "-m", "app", "companies", "list", DATABASE_URL=url)

    with migrated_database(project, tmp_path) as url:
        project.succeed(project.python, "-m", "app", "jobs", "add", "owner", "{}", DATABASE_URL=url)
        with running(project, tmp_path / "log", DATABASE_URL=url) as worker:

            def log() -> str:
                return worker.log.read_text(encoding="utf-8")

            wait_until(lambda: OVER in log() and "in add_late" in log(), why=log)
            wait_until(lambda: "Own" in companies(), why=log)
            assert "Late" not in companies()
            worker.stop()
