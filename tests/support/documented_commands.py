"""The commands in blocks of documents: which test runs each, or why none can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

BLOCK = re.compile(
    r"^ *```(?P<language>[\w-]*)[^\n]*\n(?P<lines>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
SHELLS = {"", "sh", "bash", "shell", "console", "powershell"}
LAYOUT = re.compile(r"[\w./{},-]+ {2,}\S|[\w./]+, [\w./]+ {2,}\S|\S+ [\w./]+ {5,}\S")
"""A line of a block that shows where things are: a path, two spaces or more, and words."""
PROGRAM = re.compile(r"[a-z][\w.-]*(?= |$)")
"""How a command begins, and a line of a log does not."""

RUN_BY: dict[str, str] = {
    r"python3 try\.py": "test_try.py::test_it_scaffolds_starts_calls_and_stops",
    r"python3 try\.py site": "test_site.py::test_all_projects_are_in_the_site",
    r"python3 try\.py site --first": "test_site.py::test_try_py_builds_it",
    r"python -m website\.(diagrams|terminal)": (
        "test_site.py::test_the_pictures_are_as_they_are_drawn"
    ),
    r"python3 try\.py bench --quick --peer .*": (
        "test_benchmark_peers.py::test_the_command_compares_a_service_with_a_project"
    ),
    r"python3 try\.py bench --(json|quick) .*": (
        "test_benchmark.py::test_it_measures_a_project_against_the_floor"
    ),
    r"cookiecutter --no-input --output-dir \.\. \. .*": (
        "test_documented_commands.py::test_the_kit_s_tests_are_put_beside_the_repository"
    ),
    r"python tests/add_kit_tests\.py .*": (
        "test_documented_commands.py::test_the_kit_s_tests_are_put_beside_the_repository"
    ),
    r"python3 try\.py test -m (full|faults|\"not projects\")": (
        "test_documented_commands.py::test_a_selection_selects_something"
    ),
    r"python3 try\.py test -k .*": (
        "test_documented_commands.py::test_a_selection_selects_something"
    ),
    r"python3 try\.py test -m (faults|windows) .*": (
        "test_documented_commands.py::test_a_selection_selects_something"
    ),
    r"uvx --with copier-template-extensions copier (copy|update) .*--(trust|defaults)\b.*": (
        "test_copier.py::test_a_later_version_and_other_answers_are_updates"
    ),
    r"uvx --with copier-template-extensions copier copy --trust --vcs-ref .*": (
        "test_copier.py::test_a_project_moves_from_cruft_to_copier_and_back"
    ),
    r"uvx cruft create --checkout .*": (
        "test_copier.py::test_a_project_moves_from_cruft_to_copier_and_back"
    ),
    r"uv run python -m devtools\.update( .*)?": (
        "test_project_update.py::test_a_project_calls_the_newest_tool"
    ),
    r"uvx --from \./packages/(project-update|policy-header) .*": (
        "test_documented_commands.py::test_a_package_runs_from_its_folder"
    ),
    r"policy-header( --fix src)?": (
        "../packages/policy-header/tests/test_policy_header_command.py::test_it_is_a_program"
    ),
    r"policy-header https://.*": (
        "../packages/policy-header/tests/test_policy_header_command.py"
        "::test_a_repository_is_checked_by_its_url"
    ),
    r"uv sync( --no-default-groups)?": "test_projects.py::test_its_own_tests_pass",
    r"uv run pytest( .*)?": "test_projects.py::test_its_own_tests_pass",
    r"(uv run )?python -m app( dev| doctor)?": (
        "test_local_database.py::test_every_command_works_in_a_fresh_project"
    ),
    r"uv run python -m app jobs .*": (
        "test_local_database.py::test_every_command_works_in_a_fresh_project"
    ),
    r"(uv run )?alembic (upgrade|check|revision --autogenerate)\b.*": (
        "test_projects.py::test_a_migration_can_be_written_from_the_models"
    ),
    r"uv run (ruff (format|check)|mypy)( .*)?": (
        "test_projects.py::test_the_commands_of_its_ci_pass"
    ),
    r"python -m pip install --editable \. .*": "test_projects.py::test_plain_pip_installs_it",
    r"docker build .*": "test_image.py::test_an_image_has_what_operations_need",
    r"python -m benchmarks\.scale .*": ("test_scale.py::test_a_reader_puts_in_their_own_numbers"),
    r"python rollout\.py .*": (
        "faults/test_rollout.py::test_a_column_gets_another_name_in_four_releases"
    ),
}
"""By a pattern of whole commands: the test that runs them, or does by hand what they do."""
NOT_RUN: dict[str, str] = {
    r"py try\.py.*": "py is the launcher of Windows; the same is run with python3",
    r"python3 try\.py test": "it is what runs this",
    r"python3 try\.py bench --document( .*)?": "it takes forty minutes and rewrites the documents",
    r"pip download --no-deps .*": "what it finds changes, and its page says when it was asked",
    r"uvx (cookiecutter|cruft create) gh:ORG/REPO": (
        "ORG/REPO stands for an address; tests give both programs this directory"
    ),
    r"export WINDOWS_\w+=.*": "needs Wine, or Windows: what reads it runs with -m windows",
    r"(uv run )?python (scripts/)?\w+\.py( \w+)?": "tests of its page run it with another Python",
    r"pip install \"sqlalchemy.*": "tests of the recipe have these packages already",
    r"uv add .*": "it changes what a project requires; the tests have these packages already",
    r"uv run --with jupyterlab jupyter lab": "it opens a browser, and stays",
    r"docker (compose|run) .*": "needs Docker, which is not here",
    r"kubectl .*": "needs a cluster; a test builds and validates what it would apply",
    r"(sudo|cd|echo|curl) .*": "needs systemd; a test verifies the unit and runs its command",
    r"git worktree add .*": "it stands for any way to have two versions of a project",
    r"python -m benchmarks\.(sizes|document)": "it rewrites the documents",
}
"""By a pattern of whole commands: why no test runs them."""


def commands_of(text: str) -> Iterator[str]:
    """Yield the commands in a document's blocks."""
    for block in BLOCK.finditer(text):
        if block["language"] in SHELLS:
            for line in block["lines"].splitlines():
                command = re.sub(r"\s+# .*", "", line.strip().removeprefix("$ "))
                if PROGRAM.match(command) and not LAYOUT.match(line.strip()):
                    yield command


def run_by(command: str) -> str | None:
    """Return the test that runs a command, if there is one."""
    return _first(RUN_BY, command)


def reason_for(command: str) -> str | None:
    """Return why no test runs a command, if that is known."""
    return _first(NOT_RUN, command)


def _first(known: dict[str, str], command: str) -> str | None:
    return next((it for pattern, it in known.items() if re.fullmatch(pattern, command)), None)


def is_there(tests: Path, name: str) -> bool:
    """Tell whether there is a test of this `name`, "module.py::function"."""
    module, _, function = name.partition("::")
    path = tests / module
    return path.is_file() and f"def {function}(" in path.read_text(encoding="utf-8")
