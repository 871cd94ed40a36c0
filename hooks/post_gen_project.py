"""Removes what the answers leave out, and says what comes next.

A file of this one line (`templates/left_out.py`) is one for which the answers have no source. A
directory that is to be left out gets a name with this ending. Nothing else is touched: an empty
file may be an owner's.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

FILE = b"# Left out by the answers: hooks/post_gen_project.py removes a file of this line only.\n"
DIRECTORY = ".left_out"
LARGE = {".git", ".venv"}  # if a project is rendered where it is
NEEDS_DATABASE = (
    r"{{ 'yes' if cookiecutter.__networked and not cookiecutter.__local_database else '' }}"
)


def remove_what_is_left_out() -> None:
    for place, directories, files in os.walk("."):
        for name in [*directories]:
            if name.endswith(DIRECTORY):
                shutil.rmtree(Path(place, name))
            if name.endswith(DIRECTORY) or name in LARGE:
                directories.remove(name)
        for path in (Path(place, name) for name in files):
            if path.stat().st_size == len(FILE) and path.read_bytes() == FILE:
                path.unlink()


def say_what_comes_next() -> None:
    """Print three lines; nothing in a temporary directory, where updates render both versions."""
    project = Path.cwd()
    if Path(tempfile.gettempdir()).resolve() in project.resolve().parents or not sys.stdout:
        return
    if hasattr(sys.stdout, "reconfigure"):  # a console may lack a character of a path
        sys.stdout.reconfigure(errors="backslashreplace")
    database = ", once README.md (Start) has led to a database" if NEEDS_DATABASE else ""
    print(f"Your project is in {project}. Run there{database}:")
    print("    uv sync")
    print("    uv run python -m app dev")


remove_what_is_left_out()
say_what_comes_next()
