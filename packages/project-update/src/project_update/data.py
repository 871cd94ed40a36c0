"""Data that an answer leaves behind: a project that goes on with an empty database says nothing."""

from collections.abc import Iterator, Mapping
from typing import Any


def left_behind(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each change of the database, from what was and is rendered."""
    old, new = before.get("__database"), after.get("__database")
    if not (old and new):
        return
    if old != new:
        yield f"The database is {new} now and was {old}: it begins empty, without the data."
        return
    if not after.get("__networked"):
        return
    names = before.get("project_slug"), after.get("project_slug")
    if names[0] != names[1]:
        yield (
            f"DB_NAME and DB_USER were {names[0]} by default, and are {names[1]} now, as in "
            f"compose.yaml: to keep a database, set both to {names[0]} in .env, and there."
        )
    if (before.get("local_database"), after.get("local_database")) == ("no", "yes"):
        yield (
            "Commands use the project's own server now, which begins empty, unless DATABASE_URL or "
            "DB_HOST names another one: for that of compose.yaml, set DB_HOST=localhost in .env."
        )
