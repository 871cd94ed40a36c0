"""Alembic's migrations of a project: where those of the template go in the owner's line."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("migrations", "versions")
_DOWN = re.compile(r"^down_revision(?::[^=\n]*)? *= *.*$", re.MULTILINE)


@dataclass(frozen=True)
class Migration:
    """What a file says of its revision."""

    file: Path
    revision: str
    follows: tuple[str, ...]
    is_empty: bool


@dataclass(frozen=True)
class Placing:
    """What becomes of the template's migrations in an update."""

    kept: list[str]
    """Files that the update would delete: databases may have them."""
    added: list[str]
    """Files that it adds."""
    known: list[str]
    """Files that it would add, but the project has their revisions since an earlier time."""


def read(folder: Path) -> dict[str, Migration]:
    """Return the migrations in a folder by their revisions; files that can't be read are none."""
    found = {}
    for file in sorted(folder.glob("*.py")):
        try:
            tree = ast.parse(file.read_bytes())
            values = dict(_assignments(tree))
        except (SyntaxError, ValueError):  # such as conflict marks
            continue
        if isinstance(revision := values.get("revision"), str):
            found[revision] = Migration(
                file, revision, _names(values.get("down_revision")), _does_nothing(tree)
            )
    return found


def heads(migrations: Iterable[Migration]) -> list[str]:
    """Return the revisions that no other one follows."""
    known = list(migrations)
    followed = {revision for migration in known for revision in migration.follows}
    return sorted({migration.revision for migration in known} - followed)


def missing(migrations: Iterable[Migration]) -> list[str]:
    """Return the revisions that others follow, and no file has."""
    known = list(migrations)
    followed = {revision for migration in known for revision in migration.follows}
    return sorted(followed - {migration.revision for migration in known})


def place(project: Path, old: Path, new: Path) -> Placing:
    """Change the migrations in `new`, so that merging it into the project does no harm.

    `old` and `new` are renders. A migration that `new` adds gets its place behind the project's
    newest one; one that it lacks stays; one that the project has had before is left alone.
    """
    ours, before, after = (read(folder / FOLDER) for folder in (project, old, new))
    kept, added, known = [], [], []
    for revision, migration in before.items():
        if revision not in after:
            target = new / FOLDER / migration.file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(migration.file.read_bytes())
            if revision in ours:
                kept.append(migration.file.name)
    for revision, migration in after.items():
        # Its place in a render depends on the answers; that in a project is what it is.
        if revision in before:
            _put_behind(migration, *before[revision].follows)
    behind = heads(ours.values())
    for migration in _in_order([it for name, it in after.items() if name not in before]):
        if migration.revision in ours:
            known.append(migration.file.name)
            migration.file.unlink()
        elif migration.is_empty and ours:
            migration.file.unlink()
        else:
            added.append(migration.file.name)
            # Several heads are for the owner to merge.
            if len(behind) < 2:
                _put_behind(migration, *behind)
                behind = [migration.revision]
    return Placing(kept, added, known)


def _put_behind(migration: Migration, *revision: str) -> None:
    if migration.follows != revision:
        text = migration.file.read_text(encoding="utf-8")
        value = f'"{revision[0]}"' if revision else "None"
        text = _DOWN.sub(f"down_revision = {value}", text, count=1)
        migration.file.write_text(text, encoding="utf-8", newline="\n")


def _in_order(migrations: list[Migration]) -> list[Migration]:
    rest, ordered = list(migrations), []
    while rest:
        waiting = {migration.revision for migration in rest}
        free = [it for it in rest if not waiting & {*it.follows}] or rest
        ordered += free
        rest = [it for it in rest if it not in free]
    return ordered


def _assignments(tree: ast.Module) -> Iterable[tuple[str, object]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [it.id for it in node.targets if isinstance(it, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        for name in names:
            if name in {"revision", "down_revision"} and node.value:
                yield name, ast.literal_eval(node.value)


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple | set) else ()


def _does_nothing(tree: ast.Module) -> bool:
    steps = [it for it in tree.body if isinstance(it, ast.FunctionDef) and it.name == "upgrade"]
    return all(
        isinstance(step, ast.Pass)
        or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for function in steps
        for step in function.body
    )
