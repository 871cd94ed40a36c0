"""The project: its place in its repository, and what `.cruft.json` records of its template."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .git import Git
from .refusal import Refusal

RECORD = ".cruft.json"
_VERSION = re.compile(r"""^TEMPLATE_VERSION = ["']([^"'\n]+)["']$""", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """A project in a git repository."""

    folder: Path
    git: Git
    prefix: str
    """Where it is in its repository: "" or a path that ends in a slash."""

    def ensure_clean(self) -> None:
        """Raise Refusal if something is not committed: an update could not be told from it."""
        if self.git.run("rev-parse", "--verify", "--quiet", "HEAD").returncode:
            raise Refusal(f"Nothing is committed in {self.folder}: commit all that is there first.")
        if changed := self.git.names("diff", "--name-only", "HEAD"):
            raise Refusal(
                f"The repository has changes that are not committed ({_some(changed)}): commit or "
                "stash them first."
            )

    def ensure_room(self, names: set[str]) -> None:
        """Raise Refusal if files with these `names` are there, but not in git."""
        tracked = {*self.git.names("ls-files")}
        if lost := sorted(it for it in names - tracked if (self.folder / it).exists()):
            raise Refusal(
                f"The update would overwrite files that are not in git ({_some(lost)}): commit, "
                "move or delete them first."
            )

    @property
    def record(self) -> dict[str, Any] | None:
        """What cruft has recorded, or None in a project that cookiecutter made."""
        file = self.folder / RECORD
        if not file.is_file():
            return None
        try:
            record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            _ = record["template"], record["commit"], record["context"]["cookiecutter"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal(
                f"{file} is not what cruft writes ({error}): bring it back with git."
            ) from error
        return record

    def write(self, record: dict[str, Any]) -> None:
        """Record the state of the project, as cruft does, and stage the file."""
        text = json.dumps(record, ensure_ascii=False, indent=2, separators=(",", ": ")) + "\n"
        (self.folder / RECORD).write_text(text, encoding="utf-8", newline="\n")
        self.git.succeed("add", "--force", "--", RECORD)

    @property
    def version(self) -> str:
        """The version of the template that the project names, or ""."""
        file = self.folder / "app" / "kit" / "__init__.py"
        found = _VERSION.search(file.read_text(encoding="utf-8")) if file.is_file() else None
        return found[1] if found else ""

    def skipped(self, record: dict[str, Any]) -> list[str]:
        """Return the patterns of files that updates leave alone, from both places of cruft's."""
        file = self.folder / "pyproject.toml"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        try:
            tool = tomllib.loads(text).get("tool", {}).get("cruft", {})
        except tomllib.TOMLDecodeError as error:
            raise Refusal(f"{file} can't be read: {error}.") from error
        return [*record.get("skip", []), *tool.get("skip", [])]


def find(folder: Path) -> Project:
    """Return the project in a folder; raises Refusal if that is not in a git repository."""
    git = Git(folder)
    done = git.run("rev-parse", "--show-prefix")
    if done.returncode:
        raise Refusal(
            f"{folder} is in no git repository: run git init, git add --all and git commit there, "
            "so that the update can be looked at and undone."
        )
    return Project(folder, git, done.stdout.strip())


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
