"""Migrations that an owner writes, and processes that migrate."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import indent

from support.databases.observer import wait_until
from support.projects import PATIENCE, Project, environment

REVISION = """
from alembic import op
import sqlalchemy as sa
import sys
import time
from pathlib import Path

revision = "{name}"
down_revision = "{after}"
branch_labels = depends_on = None


def upgrade() -> None:
    print("running {name}", file=sys.stderr, flush=True)
{up}


def downgrade() -> None:
{down}
"""


@contextmanager
def revision(
    project: Project, name: str, *, up: str, down: str = "pass", after: str = "template_companies"
) -> Iterator[None]:
    """Have one more migration in `project`, until the block ends."""
    path = project.path / "migrations" / "versions" / f"{name}.py"
    body = REVISION.format(name=name, after=after, up=indent(up, "    "), down=indent(down, "    "))
    path.write_text(body, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink()


class Migrator:
    """A process that runs Alembic."""

    def __init__(self, project: Project, url: str, *command: str, **env: str) -> None:
        """Start it with `command`, which is `upgrade head` if there is none."""
        project.path.joinpath(".local").mkdir(exist_ok=True)
        self._log = project.path / ".local" / f"migrator-{id(self)}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [project.python, "-m", "alembic", *(command or ("upgrade", "head"))],
                cwd=project.path,
                env=environment(DATABASE_URL=url, **env),
                stdout=log,
                stderr=log,
            )

    def says(self, text: str) -> bool:
        """Return whether it has printed `text` by now; fail if it has ended without."""
        said = text in self.printed
        assert said or self.process.poll() is None, self.printed
        return said

    def wait_until_it_says(self, text: str) -> None:
        """Return once it has printed `text`."""
        wait_until(lambda: self.says(text))

    @property
    def printed(self) -> str:
        """What it has printed by now."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> tuple[int, str]:
        """Return its exit code and all that it printed, once it has ended."""
        return self.process.wait(PATIENCE), self.printed


def commands_in(text: str) -> list[list[str]]:
    """Return the commands that `text` gives between backquotes."""
    return [command.split() for command in re.findall("`([^`]+)`", text)]
