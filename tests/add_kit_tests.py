"""Renders the kit's tests into a project: `add_kit_tests.py PROJECT driver=psycopg`."""

from __future__ import annotations

import sys
from pathlib import Path

from support.kit_tests import EVERYTHING, add_kit_tests

if __name__ == "__main__":
    # The project, and its answers as cookiecutter takes them.
    project, *given = sys.argv[1:]
    add_kit_tests(
        Path(project).resolve(), EVERYTHING, **dict(answer.split("=", 1) for answer in given)
    )
