"""Rendered projects that several modules run, each installed once in a process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from projects import Project, install, new_directory

QUESTIONS = ("driver", "framework", "server")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Project]:
    """Return a function that installs a variant with what it needs to run, and no more."""

    @cache
    def install_once(variant: tuple[str, ...]) -> Project:
        directory = new_directory(tmp_path_factory)
        answers = dict(zip(QUESTIONS, variant, strict=False))
        return install(directory, "--no-default-groups", **answers)

    return install_once
