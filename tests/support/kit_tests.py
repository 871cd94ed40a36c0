"""The tests of the kit, which no project has: rendered into bakes, and run there.

`tests/kit/` holds their sources, in folders by what they depend on. Those of some folders are a
second small template, whose answers are those of the first one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from support.bake import ANSWERS, TEMPLATE, choices, render, server_of

SOURCES = TEMPLATE / "tests" / "kit"
PLACE = Path("{{cookiecutter.project_slug}}", "tests", "kit")
CACHES = shutil.ignore_patterns("__pycache__")
OF_DATABASE = {"database", "mysql", "networked", "postgresql", "sqlite", "sync"}
"""What is the same with all frameworks."""
OF_FRAMEWORK = {"commands", "framework", "openapi", "start", "uvicorn"}
"""What is the same with all drivers."""
OF_JOBS = {"web_and_jobs", "worker", "worker_networked", "worker_postgresql"}
OF_BOTH = {"doctor", "web", *OF_JOBS}
"""What depends on the framework and on the driver."""
ONCE = {"once"}
"""What is the same with all of them."""
EVERYTHING = ONCE | OF_DATABASE | OF_FRAMEWORK | OF_BOTH


def folders(answers: dict[str, str]) -> set[str]:
    """Return the folders of `tests/kit/` that concern a project with these answers."""
    given = {name: answers.get(name, choices(name)[0]) for name in ("driver", "framework")}
    facts = ANSWERS["_drivers"][given["driver"]]
    framework = ANSWERS["_frameworks"][given["framework"]]
    web = server_of(given["framework"]) != "none"
    jobs = answers.get("jobs") == "yes"
    conditions = {
        "commands": True,
        "database": True,
        "doctor": True,
        facts["database"]: True,
        "framework": web,
        "networked": facts["port"],
        "once": True,
        "openapi": "openapi_path" in framework,
        "start": web,
        "sync": answers.get("sync_engine") == "yes",
        "uvicorn": server_of(given["framework"], answers.get("server")) == "uvicorn"
        and answers.get("windows_event_loop") != "native",
        "web": web,
        "web_and_jobs": web and jobs,
        "worker": jobs,
        "worker_networked": jobs and facts["port"],
        "worker_postgresql": jobs and facts["database"] == "postgresql",
    }
    return {name for name, holds in conditions.items() if holds}


def add_kit_tests(project: Path, wanted: set[str], **answers: str) -> list[str]:
    """Render the tests of the kit in the `wanted` folders into a project with these answers.

    Return the names of their folders, with those that support others: "support", and "support_…",
    of a folder that concerns the project, wanted or not.
    """
    shutil.rmtree(project / "tests" / "kit", ignore_errors=True)
    concerned = folders(answers)
    support = {"support", *(f"support_{name}" for name in concerned)}
    chosen = [
        path.name
        for path in sorted(SOURCES.iterdir())
        if path.name in concerned & wanted or path.name in support
    ]
    with TemporaryDirectory() as template:
        shutil.copy(TEMPLATE / "cookiecutter.json", template)
        for folder in chosen:
            shutil.copytree(
                SOURCES / folder, Path(template, PLACE), dirs_exist_ok=True, ignore=CACHES
            )
        rendered = render(Path(template), project.parent, answers, overwrite_if_exists=True)
    assert rendered == project, f"{rendered} is not {project}: the answers are others"
    return chosen
