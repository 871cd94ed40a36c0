"""The command line of the tool."""

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .findings import findings, of_settings
from .git import Git
from .project import Project, find
from .refusal import Refusal
from .report import done, undecided
from .update import Wish, update

PROGRAM = "project-update"
DESCRIPTION = """\
Update the project in this directory to the newest version of its template, or to other answers,
and say what is left to do.
"""
EPILOG = """\
The exit code is 0 if nothing is left to decide, 1 if something is or nothing could be done, and 2
if the command can't be read. Nothing is committed: git reset --hard undoes it all.
"""


def run() -> None:
    """Do what the command line asks for, and exit."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Do what `arguments` ask for, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console of Windows may not have all the characters of a file's name.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    wish = Wish(options.words, options.template, options.made_from, options.checkout)
    try:
        project = find(Path.cwd())
        if options.check:
            return _tell("", list(findings(project.folder)))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            workshop = Path(folder).resolve()
            with _working(project, workshop, trial=options.dry_run) as place:
                report = update(place, wish, workshop)
                left = [*undecided(report.outcome), *findings(place.folder)]
            left += of_settings(project.folder, before=report.example_before)
            return _tell(done(report, dry_run=options.dry_run), left)
    except Refusal as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 1


@contextmanager
def _working(project: Project, workshop: Path, *, trial: bool) -> Iterator[Project]:
    """Yield the project; for a `trial`, a copy of what is committed."""
    if not trial:
        yield project
        return
    project.ensure_clean()
    folder = workshop / "trial-of-the-project"
    project.git.succeed("worktree", "add", "--quiet", "--detach", str(folder))
    try:
        inside = folder / project.prefix
        yield Project(inside, Git(inside), project.prefix)
    finally:
        project.git.succeed("worktree", "remove", "--force", str(folder))


def _tell(story: str, left: list[str]) -> int:
    if story:
        print(story)
    sys.stdout.flush()
    if left:
        print(
            "\nLeft to do:", *(f"- {it}" for it in dict.fromkeys(left)), sep="\n", file=sys.stderr
        )
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "words", nargs="*", metavar="NAME=VALUE", help="an answer to change, as in driver=psycopg"
    )
    parser.add_argument(
        "--checkout",
        default="",
        metavar="VERSION",
        help="a tag, branch or commit of the template (default: its newest commit)",
    )
    parser.add_argument(
        "--template",
        default="",
        metavar="URL",
        help="the template's repository, for a project that cookiecutter made without cruft",
    )
    parser.add_argument(
        "--made-from",
        default="",
        metavar="COMMIT",
        help="what such a project was made from, if it does not name a version that has a tag",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what an update would leave to do"
    )
    parser.add_argument(
        "--check", action="store_true", help="no update: only say what is left to do by now"
    )
    return parser
