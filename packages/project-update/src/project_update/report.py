"""What an update has done, and what it leaves to decide, for the person who runs it."""

from collections.abc import Iterator

from .merge import Outcome
from .update import Report


def undecided(outcome: Outcome) -> Iterator[str]:
    """Yield a sentence for each file for which a person must decide."""
    for name in outcome.conflicts:
        yield (
            f"{name} has changes of yours and of the template in the same place: decide between "
            "them, and then git add it."
        )
    for name in outcome.both_added:
        yield f"{name} is yours and comes from the template, too: make one of them, and git add it."
    for name in outcome.kept:
        yield (
            f"{name} is no file of the template any more, but you had changed it: it stays; move "
            "what you need, and delete it."
        )
    for name in outcome.left_out:
        yield f"{name} has changed in the template, and you had deleted it: it stays deleted."


def done(report: Report, *, dry_run: bool) -> str:
    """Return what was done, and what comes next."""
    if report.nothing_to_do:
        return "Nothing to do: the project is what its template makes now, with these answers."
    return "\n".join([f"{report.title}.", *_facts(report), *([] if dry_run else _steps(report))])


def _facts(report: Report) -> Iterator[str]:
    if report.linked:
        found = ", ".join(f"{name}={value}" for name, value in report.linked.items())
        yield f"The answers that the project was made with, by its files: {found}."
    for name in report.lost:
        yield f"The template does not ask for {name} any more."
    for pair in report.outcome.moved:
        yield f"The template has renamed a file, and your changes moved along: {pair}."
    for name in report.placing.added:
        yield f"Migration {name} is new, and stands behind your newest one."
    for name in report.placing.kept:
        yield (
            f"Migration {name} is no file of the template any more, and stays: a database may have "
            "it."
        )
    for name in report.placing.known:
        yield f"Migration {name} was there from an earlier time, and is not added again."
    yield from report.left_behind
    if report.settings:
        yield f"New settings, see .env.example: {', '.join(report.settings)}."


def _steps(report: Report) -> Iterator[str]:
    if report.advice:
        yield f"\nUPGRADING.md says:\n\n{report.advice}"
    yield "\nNext:"
    yield "- `uv sync`"
    if report.placing.kept or report.placing.known:
        yield "- `uv run alembic upgrade head`, then `uv run alembic check`: if models differ,"
        yield "  `uv run alembic revision --autogenerate -m update` writes a migration"
    else:
        yield "- `uv run alembic upgrade head`"
    yield "- `uv run pytest`"
    yield "- `git diff HEAD` shows all, `git commit --all` keeps it, `git reset --hard` undoes it"
