"""Git, as the tool calls it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .refusal import Refusal

# Settings of the user that would change what a merge writes.
_CONFIGURATION = (
    *("core.quotePath=false", "core.safecrlf=false", "diff.renames=true", "merge.renames=true"),
    # A file that an owner adds to a directory stays there, even if the template moves all others.
    *("merge.directoryRenames=false", "merge.conflictStyle=merge", "rerere.enabled=false"),
)
_SOMEBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "project-update"), ("EMAIL", "project-update@localhost"))
}


@dataclass(frozen=True)
class Git:
    """Git in a directory, which need not be the top of its repository."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; raises Refusal if there is no git."""
        configuration = [word for setting in _CONFIGURATION for word in ("-c", setting)]
        try:
            return subprocess.run(
                ["git", *configuration, *arguments],  # noqa: S607
                cwd=self.directory,
                env={**os.environ, **_SOMEBODY, "LC_ALL": "C", **self.environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="surrogateescape",
            )
        except FileNotFoundError as error:
            raise Refusal("The program git is not on PATH: install it.") from error

    def succeed(self, *arguments: str) -> str:
        """Return what a command prints, stripped; raises Refusal, with its words, if it fails."""
        done = self.run(*arguments)
        if done.returncode:
            said = " ".join(done.stderr.split())
            raise Refusal(f"`git {' '.join(arguments)}` failed in {self.directory}: {said}")
        return done.stdout.strip()

    def names(self, *arguments: str) -> list[str]:
        """Return the names that a command prints with `-z`."""
        return [name for name in self.succeed(*arguments, "-z").split("\0") if name]

    def tree_of(self, folder: Path, index: Path, *, prefix: str) -> str:
        """Store all files of a `folder`, as if it were at `prefix`, and return the tree."""
        index.unlink(missing_ok=True)
        files = {
            "GIT_DIR": self.succeed("rev-parse", "--absolute-git-dir"),
            "GIT_INDEX_FILE": str(index),
        }
        inside = Git(folder, {**files, "GIT_WORK_TREE": str(folder)})
        inside.succeed("add", "--all", "--force", ".")
        tree = inside.succeed("write-tree")
        if not prefix:
            return tree
        index.unlink()
        inside.succeed("read-tree", f"--prefix={prefix}", tree)
        return inside.succeed("write-tree")
