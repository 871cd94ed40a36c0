"""The event loop is the one that the project chose."""

import asyncio
import importlib
import os

import pytest

from app import event_loop
from app.kit.db.settings import DIALECT
from tests.kit.processes import run_python


async def answer() -> int:
    return 42


def test_run_returns_the_result() -> None:
    assert event_loop.run(answer()) == 42


async def test_run_says_so_when_a_loop_is_running_already() -> None:
    with pytest.raises(RuntimeError, match="already running"):
        event_loop.run(answer())


async def test_tests_run_on_the_chosen_loop() -> None:
    loop = event_loop.new_event_loop()
    try:
        assert type(asyncio.get_running_loop()) is type(loop)
    finally:
        loop.close()
    event_loop.ensure_compatible_loop()


def test_the_factory_is_where_servers_are_told_it_is() -> None:
    module, _, name = event_loop.LOOP_FACTORY.partition(":")
    assert getattr(importlib.import_module(module), name) is event_loop.new_event_loop


def test_importing_an_entry_point_loads_no_driver() -> None:
    driver = DIALECT.partition("+")[2]
    # {% if cookiecutter.__web and cookiecutter.__jobs %}
    modules = ["app.main", "app.worker", "app.__main__", "scripts.seed_database"]
    # {% elif cookiecutter.__web %}
    modules = ["app.main", "app.__main__", "scripts.seed_database"]
    # {% elif cookiecutter.__jobs %}
    modules = ["app.worker", "app.__main__", "scripts.seed_database"]
    # {% else %}
    modules = ["app.__main__", "scripts.seed_database"]
    # {% endif %}
    script = f"""
import sys
from importlib import import_module
for module in {modules}:
    import_module(module)
    assert "{driver}" not in sys.modules, module
"""
    done = run_python("-c", script, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
