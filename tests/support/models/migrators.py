"""A project with a migration that takes its time, and processes that migrate."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.projects import PATIENCE, Project, environment

SLOW = '''
"""Take {seconds} seconds, and apply only once."""
from alembic import op

revision = "slow"
down_revision = "template_companies"
branch_labels = depends_on = None


def upgrade() -> None:
    print("migrating")
    op.execute("CREATE TABLE applied_once (id integer)")
    op.execute("SELECT {sleep}({seconds})")
    op.execute("{then}")


def downgrade() -> None:
    op.execute("DROP TABLE applied_once")
'''


def with_slow_migration(
    project: Project, directory: Path, seconds: float, *, then: str = "SELECT 1"
) -> Project:
    """Return a copy of `project` with one more migration, in the same environment."""
    copy = Project(directory / "project", project.driver)
    shutil.copytree(project.path, copy.path, ignore=shutil.ignore_patterns(".venv"))
    (copy.path / ".venv").symlink_to(project.path / ".venv")
    sleep = "pg_sleep" if project.driver in {"asyncpg", "psycopg"} else "sleep"
    source = SLOW.format(seconds=seconds, sleep=sleep, then=then)
    (copy.path / "migrations" / "versions" / "slow.py").write_text(source, encoding="utf-8")
    return copy


def migrator(project: Project, url: str, **env: str) -> subprocess.Popen[str]:
    """Start `alembic upgrade head`."""
    return subprocess.Popen(
        [project.python, "-m", "alembic", "upgrade", "head"],
        cwd=project.path,
        env=environment(DATABASE_URL=url, **env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code of a migrator, and what it printed."""
    printed, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, printed
