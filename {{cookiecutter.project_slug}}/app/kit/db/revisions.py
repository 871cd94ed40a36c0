"""The state of the migrations: the revisions that the database has, and those of the code.

Each start asks for it. So the files are read, and not run; Alembic is imported only for what is not
as Alembic itself writes it.
"""

import re
from ast import literal_eval
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

PROJECT = Path(__file__).parents[3]
_PLACE = "script_location = %(here)s/migrations\n"
_ELSEWHERE = re.compile(r"^(?:version_locations|recursive_version|sourceless)", re.MULTILINE)
_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.*)$", re.MULTILINE)
_UNUSUAL = (KeyError, SyntaxError, ValueError)


class MigrationError(Exception):
    """The migrations are not where they belong, or one is missing; the message says so."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The revisions that the database has, that the code wants, and that it knows."""

    current: frozenset[str]
    wanted: frozenset[str]
    known: frozenset[str]

    @property
    def behind(self) -> bool:
        """Whether migrations are missing.

        A database that is ahead of the code is all right: so it looks while a newer version of
        the service is being rolled out.
        """
        return self.current != self.wanted and self.current <= self.known


async def migration_state(connection: AsyncConnection) -> MigrationState:
    """Compare the database with the migrations in the code; raises MigrationError."""
    followed = read_revisions()
    if followed is None:
        followed = _ask_alembic()
    known = frozenset(followed)
    return MigrationState(
        current=await connection.run_sync(_find_current),
        wanted=known.difference(*followed.values()),
        known=known,
    )


def read_revisions() -> Mapping[str, frozenset[str]] | None:
    """Return each revision with those that it follows, or None if Alembic has to be asked."""
    ini, versions = PROJECT / "alembic.ini", PROJECT / "migrations" / "versions"
    config = ini.read_text(encoding="utf-8") if ini.exists() else ""
    if _PLACE not in config or _ELSEWHERE.search(config) or not versions.is_dir():
        return None
    found: dict[str, frozenset[str]] = {}
    for path in versions.glob("*.py"):
        if path.name.startswith(("__init__", ".#")):
            continue
        assigned = _ASSIGNED.findall(path.read_text(encoding="utf-8", errors="replace"))
        try:
            values = {name: literal_eval(value) for name, value in assigned}
            revision, before = values["revision"], values["down_revision"]
        except _UNUSUAL:
            return None
        if len(assigned) > len(values) or revision in found:
            return None
        found[revision] = frozenset([before] if isinstance(before, str) else before or ())
    return found if found.keys() >= frozenset().union(*found.values()) else None


def merge_advice(heads: Iterable[str]) -> str:
    """Return one sentence that says what to do about several heads."""
    *others, last = sorted(heads, key=lambda head: (head.startswith("template_"), head))
    advice = "run `alembic merge heads -m merge`, then `alembic upgrade head`"
    if len(others) == 1 and last.startswith("template_"):
        # One line of revisions: behind a merge, `alembic downgrade -1` knows no way.
        advice = f"if {last} is new, make {others[0]!r} its down_revision; else {advice}"
    return (
        f"The migrations have several heads ({', '.join([*others, last])}), as after a merge of "
        f"branches: {advice}."
    )


def _ask_alembic() -> Mapping[str, frozenset[str]]:
    # Not at the top: these imports take longer than all of this.
    from alembic.util import CommandError  # noqa: PLC0415

    from app.kit.db.migrations import read_scripts  # noqa: PLC0415

    try:
        return read_scripts()
    except CommandError as error:
        raise MigrationError(str(error)) from error


def _find_current(connection: Connection) -> frozenset[str]:
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))
