"""Released versions of the template: what projects of them rely on, recorded and compared.

`tests/releases/VERSION.json` has what `facts()` found in a version. A project keeps its answers for
years: a later version must still take them, and must not change what databases have run.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.bake import ANSWERS, TEMPLATE, choices, render
from support.hook import hook
from support.places import TESTS

VERSION: str = ANSWERS["_version"]
RECORDS = TESTS / "releases"
MIGRATIONS = Path("{{cookiecutter.project_slug}}", "migrations", "versions")
OF_MIGRATIONS = ("driver", "example", "jobs")
"""The answers on which the template's migrations depend."""


def facts() -> dict[str, Any]:
    """Return what projects of this version rely on, as JSON has it."""
    asked = {name: value for name, value in ANSWERS.items() if not name.startswith("_")}
    return {
        "answers": {
            name: value if isinstance(value, list) else None for name, value in asked.items()
        },
        "lengths": {"project_slug": hook.SLUG_LENGTH, **hook.TEXT_LENGTHS},
        "reserved": sorted(set().union(*hook.RESERVED.values())),
        "migrations": migrations(),
    }


def migrations(template: Path = TEMPLATE) -> dict[str, dict[str, str]]:
    """Return the digest of each migration of a render, by its file name, for all answers."""
    with TemporaryDirectory() as directory:
        # Only what has to do with migrations, which is a tenth of the time.
        small = Path(directory, "template")
        shutil.copytree(template / MIGRATIONS, small / MIGRATIONS)
        shutil.copytree(template / "templates", small / "templates")
        shutil.copy(template / "cookiecutter.json", small)
        # Removes the migrations that the answers leave out.
        (small / "hooks").mkdir()
        shutil.copy(template / "hooks" / "post_gen_project.py", small / "hooks")
        found = {}
        for number, values in enumerate(itertools.product(*map(choices, OF_MIGRATIONS))):
            answers = dict(zip(OF_MIGRATIONS, values, strict=True))
            project = render(small, Path(directory, str(number)), answers)
            found[" ".join(f"{name}={value}" for name, value in answers.items())] = {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted((project / "migrations" / "versions").glob("*.py"))
            }
        return found


def breaks(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what a released version promised and the present one does not keep.

    Each is a word or two that UPGRADING.md must quote, or a sentence if nothing may excuse it.
    """
    for name, values in then["answers"].items():
        if name not in now["answers"]:
            yield name
        else:
            yield from (
                f"{name}={one}" for one in values or [] if one not in (now["answers"][name] or [])
            )
    for name, length in then["lengths"].items():
        if now["lengths"].get(name, length) < length:
            yield f"{name} of {now['lengths'][name]} characters"
    yield from (f"project_slug={name}" for name in sorted({*now["reserved"]} - {*then["reserved"]}))
    for answers, digests in then["migrations"].items():
        for file, digest in digests.items():
            if now["migrations"].get(answers, {}).get(file) != digest:
                yield f"{file} with {answers} has changed: databases have run it as it was."


def unexcused(then: dict[str, Any], now: dict[str, Any], upgrading: str) -> list[str]:
    """Return the breaks that UPGRADING.md does not quote."""
    quoted = "".join(sections(upgrading).values())
    return [found for found in breaks(then, now) if f"`{found}`" not in quoted]


def sections(document: str) -> dict[str, str]:
    """Return the text below each heading of the second level, by the heading; no comments."""
    text = re.sub(r"<!--.*?-->", "", document, flags=re.DOTALL)
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def read(name: str) -> str:
    """Return the text of a file of this repository."""
    return (TEMPLATE / name).read_text(encoding="utf-8")


def record(version: str) -> dict[str, Any]:
    """Return what is recorded of a released version."""
    recorded: dict[str, Any] = json.loads((RECORDS / f"{version}.json").read_text(encoding="utf-8"))
    return recorded
