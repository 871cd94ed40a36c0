"""What is left to do in a project, as far as its files tell."""

import re
from collections.abc import Iterator
from pathlib import Path

from . import migrations
from .git import Git

_MARK = r"^(<{7}|>{7})( |$)"
_NAMED = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_SET = re.compile(r"^(?:export )?([A-Z][A-Z0-9_]*)\s*=", re.MULTILINE | re.IGNORECASE)


def findings(folder: Path) -> Iterator[str]:
    """Yield a sentence for each thing that no project should have, updated or not."""
    git = Git(folder)
    tracked = ("--cached", "--others", "--exclude-standard")
    for name in git.names("ls-files", *tracked):
        if name.endswith(".rej"):
            yield f"{name} holds changes that did not fit: make them by hand, and delete the file."
    marked = git.run("grep", "--untracked", "-I", "--name-only", "-z", "-E", _MARK)
    for name in filter(None, marked.stdout.split("\0")):
        yield f"{name} has conflict marks: decide between the two sides, and then git add it."
    yield from _of_migrations(folder / migrations.FOLDER)


def _of_migrations(folder: Path) -> Iterator[str]:
    found = migrations.read(folder).values()
    heads, missing = migrations.heads(found), migrations.missing(found)
    if len(heads) > 1:
        yield (
            f"The migrations have several heads ({', '.join(heads)}): run "
            "`alembic merge heads -m merge`."
        )
    for revision in missing:
        yield (
            f"A migration follows revision {revision}, which no file has: bring its file back with "
            "git."
        )


def of_settings(folder: Path, *, before: str) -> Iterator[str]:
    """Yield a sentence for each setting in which `.env` and `.env.example` differ.

    `before` is what `.env.example` was: what the owner has in one file only is the owner's.
    """
    example, own = _text(folder / ".env.example"), _text(folder / ".env")
    named, used = {*_NAMED.findall(example)}, {it.upper() for it in _SET.findall(own)}
    for name in sorted(used & {*_NAMED.findall(before)} - named):
        yield f".env sets {name}, which .env.example has no more: see what took its place."
    if own:
        for name in sorted({*_SET.findall(example)} - used - {*_SET.findall(before)}):
            yield f".env does not set {name}, which .env.example sets now: add it."


def new_settings(folder: Path, *, before: str) -> list[str]:
    """Return the settings that `.env.example` names, and did not name before."""
    return sorted({*_NAMED.findall(_text(folder / ".env.example"))} - {*_NAMED.findall(before)})


def _text(file: Path) -> str:
    if not file.is_file():
        return ""
    content = file.read_bytes()
    # PowerShell writes UTF-16.
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")
