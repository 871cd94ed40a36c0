"""Renders with the newest or the oldest versions of what they depend on: which break, and where.

`python3 try.py newest` and `python3 try.py oldest` run it; words behind it choose renders.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from support.bake import bake, choices
from support.places import PROBES
from support.projects import Project, Variant, answers, find_uv

RESOLUTIONS = {
    "newest": ["--upgrade", "--prerelease=allow"],
    "oldest": ["--upgrade", "--resolution=lowest-direct"],
}
"""What uv is told, by the word on the command line."""
DRIVER, *DRIVERS = choices("driver")
FRAMEWORK, *FRAMEWORKS = choices("framework")
RENDERS: list[Variant] = [
    (DRIVER, FRAMEWORK),
    *((driver, FRAMEWORK) for driver in DRIVERS),
    *((DRIVER, framework) for framework in FRAMEWORKS),
    *((DRIVER, FRAMEWORK, server) for server in choices("server")[1:]),
    (DRIVER, FRAMEWORK, choices("server")[0], "yes"),
]
PACKAGES = [*choices("server"), *choices("framework"), "quart_schema", "werkzeug"]
PLACE = re.compile(
    r"^(?:app|devtools|migrations|scripts|tests)[\\/][^\s:]+\.py:\d+: .*", re.MULTILINE
)
"""A line that names one of ours, as mypy, pytest and our own check write it."""
MOST_LINES = 12
"""Of those, as many as are shown of one step."""


def main(arguments: Sequence[str]) -> int:
    """Try the renders, print what broke, and return the exit code: 1 if something did."""
    resolution, *words = arguments
    chosen = [it for it in RENDERS if not words or {*words} & {*it}]
    if not chosen:
        print(f"No render has {' or '.join(words)}: name a driver, a framework or a server.")
        return 1
    broken = []
    for variant in chosen:
        name = " ".join(variant)
        print(f"==> {name}", flush=True)
        with TemporaryDirectory(prefix="versions-", ignore_cleanup_errors=True) as directory:
            found = list(breaks(Path(directory), variant, RESOLUTIONS[resolution]))
        for line in found:
            print(f"    {line}", flush=True)
        broken += [name] if found else []
    print(
        f"{len(chosen) - len(broken)} of {len(chosen)} renders work with the {resolution} versions."
    )
    for name in broken:
        print(f"Broken: {name}")
    return 1 if broken else 0


def breaks(directory: Path, variant: Variant, options: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with a render, one line each."""
    # An own folder, which other accounts can enter, as a user's usually is.
    directory.chmod(0o755)
    project = Project(bake(directory, **answers(variant)), variant[0])
    done = project.run(find_uv(), "sync", "--quiet", *options)
    if done.returncode:
        yield f"uv sync: {' '.join(done.stderr.split())}"
        return
    if early := pre_releases(project):
        print(f"    (pre-releases: {', '.join(early)})", flush=True)
    checks: dict[str, list[str | Path]] = {
        "inside": [PROBES / "internals.py", *PACKAGES],
        # Types are those of the newest versions: older ones may not know as much.
        **({"mypy": ["-m", "mypy"]} if "lowest" not in " ".join(options) else {}),
        "pytest": ["-m", "pytest", "-q", "--tb=short", "-p", "no:randomly"],
    }
    for step, arguments in checks.items():
        yield from told(step, project.run(project.python, *arguments))


def told(step: str, done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    """Yield the lines of ours that a step names, or the end of what it printed if it names none."""
    output = f"{done.stdout}\n{done.stderr}"
    lines = list(dict.fromkeys(PLACE.findall(output)))
    if step == "pytest" and not done.returncode:
        lines = []
    errors = list(dict.fromkeys(re.findall(r"^E   +(\S.*)", output, re.MULTILINE)))
    if done.returncode and not lines:
        lines = output.strip().splitlines()[-3:]
    yield from (f"{step}: {line}" for line in [*lines, *errors][:MOST_LINES])
    if len(lines) + len(errors) > MOST_LINES:
        yield f"{step}: … and {len(lines) + len(errors) - MOST_LINES} lines more"


def pre_releases(project: Project) -> list[str]:
    """Return the packages of an environment that are no final versions."""
    listed = project.succeed(
        find_uv(), "pip", "list", "--format=json", "--python", str(project.python)
    )
    return [
        f"{it['name']} {it['version']}"
        for it in json.loads(listed)
        if re.search(r"\d(a|b|rc|\.dev)\d", it["version"])
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
