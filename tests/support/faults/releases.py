"""Releases of a project in which a column gets another name, each to follow the one before."""

from __future__ import annotations

from pathlib import Path

from support.models.revisions import REVISION
from support.projects import Copy, Project

MODEL, QUERIES = "app/companies/model.py", "app/companies/queries.py"
NEW = "mapped_column(String(MAX_TEXT))\n"
WRITTEN = "Company(name=name, industry=industry"
CHANGED = "    change = update(Company)"
BOTH = """\
    if "industry" in changes:
        changes = {**changes, "sector": changes["industry"]}
"""
EDITS: dict[str, list[tuple[str, str, str]]] = {
    "expand": [
        (
            MODEL,
            f"    industry: Mapped[str] = {NEW}",
            f"    industry: Mapped[str] = {NEW}    sector: Mapped[str | None] = {NEW}",
        ),
        (QUERIES, WRITTEN, f"{WRITTEN}, sector=industry"),
        (QUERIES, CHANGED, f"{BOTH}{CHANGED}"),
    ],
    "migrate": [
        (MODEL, NEW, 'mapped_column("sector", String(MAX_TEXT))\n'),
        (
            MODEL,
            f"    sector: Mapped[str | None] = {NEW}",
            '    old: Mapped[str | None] = mapped_column("industry", String(MAX_TEXT))\n',
        ),
        (QUERIES, "sector=industry", "old=industry"),
        (QUERIES, '"sector": changes', '"old": changes'),
    ],
    "contract the code": [
        (MODEL, '    old: Mapped[str | None] = mapped_column("industry", String(MAX_TEXT))\n', ""),
        (QUERIES, ", old=industry", ""),
        (QUERIES, BOTH.replace('"sector":', '"old":'), ""),
    ],
    "contract the schema": [],
}
"""What each release changes in the code: a file, what is there, and what takes its place."""
MIGRATIONS: dict[str, list[str]] = {
    "expand": ["ALTER TABLE companies ADD COLUMN sector varchar(120)"],
    # Two, for each is a transaction: one that has changed rows must not wait for the table.
    "migrate": [
        "UPDATE companies SET sector = industry WHERE sector IS NULL",
        "ALTER TABLE companies ALTER sector SET NOT NULL, ALTER industry DROP NOT NULL",
    ],
    "contract the code": [],
    "contract the schema": ["ALTER TABLE companies DROP COLUMN industry"],
}
"""The statements of the migrations of each release."""


def releases(project: Project, directory: Path) -> dict[str, Project]:
    """Return copies of a project by the names of its releases; the first is as it is."""
    found: dict[str, Project] = {"before": project}
    last, after = project, "template_companies"
    for name, edits in EDITS.items():
        place = directory / name.replace(" ", "-")
        place.mkdir()
        release = Copy.of(last, place)
        for file, old, new in edits:
            release.replace(file, old, new)
        for number, statement in enumerate(MIGRATIONS[name]):
            revision = f"{place.name.replace('-', '_')}_{number}"
            code = f'op.execute("{statement}")'
            text = REVISION.format(name=revision, after=after, up=f"    {code}", down="    pass")
            path = release.path / "migrations" / "versions" / f"{revision}.py"
            path.write_text(text, encoding="utf-8")
            after = revision
        found[name] = last = release
    return found
