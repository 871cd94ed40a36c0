"""The merge of what the template changes into the project: git's own, of three trees."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from .git import Git
from .project import Project
from .refusal import Refusal

# From this likeness on, two files are one that was renamed. With less, changes could go astray.
_LIKENESS = "85%"
_BASE, _OURS, _THEIRS = "1", "2", "3"


@dataclass
class Outcome:
    """What git could not decide, by the names of files."""

    conflicts: list[str] = field(default_factory=list)
    """The project and the template have changed the same lines: there are marks in the file."""
    both_added: list[str] = field(default_factory=list)
    """The project has a file of its own where the template adds one: there are marks in it."""
    kept: list[str] = field(default_factory=list)
    """The template has removed it, and the project has changed it: it stays."""
    left_out: list[str] = field(default_factory=list)
    """The project has deleted it, and the template has changed it: it stays deleted."""
    moved: list[str] = field(default_factory=list)
    """The template has renamed it, and the project's changes moved with it: "old -> new"."""


def merge(project: Project, old: Path, new: Path, workshop: Path, *, title: str) -> Outcome:
    """Merge what is different between two renders into the project, staged but not committed."""
    git, index = project.git, workshop / "index"
    base = git.succeed(
        "commit-tree", git.tree_of(old, index, prefix=project.prefix), "-m", "The template before"
    )
    tree = git.tree_of(new, index, prefix=project.prefix)
    theirs = git.succeed("commit-tree", tree, "-p", base, "-m", title)
    moved, with_crlf = _moved(git, base, theirs), _with_crlf(git)
    picked = git.run(
        *("cherry-pick", "--no-commit", "--allow-empty", "--keep-redundant-commits"),
        *("--strategy-option", f"find-renames={_LIKENESS}"),
        *("--strategy-option", "ignore-cr-at-eol", theirs),
    )
    outcome = Outcome(moved=moved)
    stages = _unmerged(git)
    if picked.returncode and not stages:
        raise Refusal(f"git can't merge the update: {' '.join(picked.stderr.split())}")
    for name, present in sorted(stages.items()):
        _settle(project, name, present, outcome)
    _keep_crlf(project, with_crlf - stages.keys())
    _remove_caches(project)
    return outcome


def _settle(project: Project, name: str, present: set[str], outcome: Outcome) -> None:
    if present == {_BASE, _OURS}:
        outcome.kept.append(name)
        project.git.succeed("add", "--force", "--", name)
    elif present == {_BASE, _THEIRS}:
        outcome.left_out.append(name)
        project.git.succeed("rm", "--quiet", "--force", "--", name)
    elif present == {_OURS, _THEIRS}:
        outcome.both_added.append(name)
    else:
        outcome.conflicts.append(name)


def _unmerged(git: Git) -> dict[str, set[str]]:
    stages: dict[str, set[str]] = {}
    for entry in git.names("ls-files", "--unmerged"):
        facts, _, name = entry.partition("\t")
        stages.setdefault(name, set()).add(facts.split()[2])
    return stages


def _moved(git: Git, base: str, theirs: str) -> list[str]:
    likeness = f"--find-renames={_LIKENESS}"
    words = git.names(
        "diff-tree", "-r", "--relative", "--diff-filter=R", "--name-status", likeness, base, theirs
    )
    pairs = zip(words[1::3], words[2::3], strict=True)
    changed = {*git.names("diff", "--relative", "--name-only", "--no-renames", base, "HEAD")}
    return [f"{before} -> {after}" for before, after in pairs if before in changed]


def _with_crlf(git: Git) -> set[str]:
    """Return the files that end their lines as Windows does, in git too."""
    entries = (entry.split("\t", 1) for entry in git.names("ls-files", "--eol"))
    return {name for facts, name in entries if facts.startswith("i/crlf")}


def _keep_crlf(project: Project, names: set[str]) -> None:
    changed = {
        *project.git.names("diff", "--cached", "--relative", "--name-only", "--diff-filter=M")
    }
    for name in sorted(names & changed):
        file = project.folder / name
        lines = file.read_bytes().replace(b"\r\n", b"\n")
        file.write_bytes(lines.replace(b"\n", b"\r\n"))
        project.git.succeed("add", "--", name)


def _remove_caches(project: Project) -> None:
    # Of packages that are gone: what Python has compiled of them would keep their folders.
    for name in project.git.names(
        "diff", "--cached", "--relative", "--name-only", "--diff-filter=D"
    ):
        folder = (project.folder / name).parent
        while folder != project.folder and folder.is_dir():
            if {it.name for it in folder.iterdir()} - {"__pycache__"}:
                break
            shutil.rmtree(folder)
            folder = folder.parent
