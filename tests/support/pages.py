"""Pages that projects have in `docs/`: their code blocks, and a reader who does what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.projects import Project

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEW_FILE = re.compile(r"`([^`]+)`:$")
EDIT = re.compile(r"In `(?P<file>[^`]+)`, (?P<where>above|below) `(?P<line>[^`]+)`:$")
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
EMPTY = re.compile(r"`([^`]+)` is empty\.")


@dataclass(frozen=True)
class Block:
    """A code block, its language, and the line in front of it."""

    before: str
    language: str
    text: str

    @property
    def added(self) -> str:
        """The lines that a diff adds."""
        return re.sub(r"^\+", "", self.text, flags=re.MULTILINE)


def blocks(page: str) -> Iterator[Block]:
    """Yield the code blocks of a page."""
    for found in FENCE.finditer(page):
        before = page[: found.start()].rstrip().rpartition("\n")[2]
        yield Block(before, found[1], found[2])


def read_page(project: Path, name: str) -> str:
    """Return a page of a project."""
    return (project / "docs" / name).read_text(encoding="utf-8")


def read_headings(project: Path) -> list[str]:
    """Return the headings of troubleshooting.md; those that have several texts, as several."""
    found = HEADING.findall(read_page(project, "troubleshooting.md"))
    return [text for it in found for text in re.findall(r"`[^`]+`", it) or [it]]


def new_files(page: str) -> dict[str, str]:
    """Return the files that a page shows whole."""
    found = ((NEW_FILE.search(block.before), block) for block in blocks(page))
    return {name[1]: it.text for name, it in found if name and it.language == "python"}


def do_as_told(project: Project, page: str, **env: str) -> int:
    """Do all that a page says: its files, edits and commands; return how many commands it has."""
    commands = 0
    for name in EMPTY.findall(page):
        put(project.path / name, "")
    for block in blocks(page):
        if edit := EDIT.search(block.before):
            put(project.path / edit["file"], block.added, edit)
        elif block.language != "python":
            for line in block.text.splitlines():
                _run(project, line, **env)
                commands += 1
        else:
            found = NEW_FILE.search(block.before)
            assert found, f"Where does this go? {block}"
            put(project.path / found[1], block.text)
    return commands


def put(path: Path, text: str, edit: re.Match[str] | None = None) -> None:
    """Write a new file; or, for an `edit`, put lines into one, above or below the line it names."""
    if edit is None:
        assert not path.exists(), path
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    [number] = [at for at, it in enumerate(lines) if it.strip() == edit["line"]]
    lines.insert(number + (edit["where"] == "below"), text)
    path.write_text("".join(lines), encoding="utf-8")


def _run(project: Project, line: str, **env: str) -> None:
    first, second, *words = [it.strip('"') for it in re.findall(r'"[^"]*"|\S+', line)]
    assert (first, second) == ("uv", "run"), line
    module = words[1:] if words[0] == "python" else ["-m", *words]
    project.succeed(project.python, *module, **env)
