"""The navigation: what pages there are, in groups, without a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatch

GROUPS: list[tuple[str, list[str]]] = [
    (
        "In every project",
        [
            *("project/index.md", "project/docs/first-resource.md", "project/docs/sessions.md"),
            *("project/docs/database.md", "project/docs/troubleshooting.md"),
            *("project/docs/operate.md", "project/*"),
        ],
    ),
    ("Cookbook", ["docs/cookbook/index.md", "docs/cookbook/*"]),
    ("Deployment", ["docs/deployment/index.md", "docs/deployment/*"]),
    ("Decisions", ["docs/decisions/index.md", "docs/decisions/*"]),
    ("Guides", ["docs/event-loop.md", "docs/drivers.md", "docs/*"]),
    ("This repository", ["CHANGELOG.md", "UPGRADING.md", "CONTRIBUTING.md", "*"]),
]
"""Each group, and what is in it; a page is in the first that names it."""
FIRST = ["index.md", "projects.md"]
ORDER = ["In every project", "Guides", "Deployment", "Cookbook", "This repository", "Decisions"]


def navigation(titles: dict[str, str]) -> list[dict[str, object]]:
    """Return Zensical's `nav` for pages of these `titles`, by their paths."""
    groups: dict[str, list[dict[str, str]]] = {name: [] for name in ORDER}
    left = {path: title for path, title in titles.items() if path not in FIRST}
    for name, patterns in GROUPS:
        for pattern in patterns:
            for path in matching(left, pattern):
                groups[name].append({left.pop(path): path})
    first: list[dict[str, object]] = [{titles[path]: path} for path in FIRST if path in titles]
    return first + [{name: pages} for name, pages in groups.items() if pages]


def matching(paths: Iterable[str], pattern: str) -> list[str]:
    """Return those of the paths that match, in order."""
    return sorted(path for path in paths if fnmatch(path, pattern))


def toml(value: object) -> str:
    """Write lists, tables and texts as TOML."""
    if isinstance(value, list):
        return "[\n" + "".join(f"{toml(it)},\n" for it in value) + "]"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{json.dumps(key)} = {toml(it)}" for key, it in value.items()) + " }"
        )
    return json.dumps(value)
