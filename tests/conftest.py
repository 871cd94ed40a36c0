"""Fixtures that several modules of tests share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from windows import Windows, open_windows
from workbench import Workbench, open_workbench


@pytest.fixture(scope="session")
def on_windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Windows]]:
    """Yield a function that returns the project of some answers, made once."""
    with ExitStack() as stack:

        @functools.cache
        def get(**answers: str) -> Windows:
            return stack.enter_context(open_windows(tmp_path_factory, **answers))

        yield get


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Yield an environment with many drivers."""
    with open_workbench(tmp_path_factory) as workbench:
        yield workbench
