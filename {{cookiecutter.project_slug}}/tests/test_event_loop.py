"""The event loop is the one that the project chose."""

import asyncio
import importlib
import os

import pytest

from app import event_loop
from app.kit.db.settings import DIALECT
from tests.processes import run_python


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


# {% if cookiecutter.__web and cookiecutter.__jobs %}
@pytest.mark.parametrize(
    "module", ["app.main", "app.worker", "app.__main__", "scripts.seed_database"]
)
# {% elif cookiecutter.__web %}
@pytest.mark.parametrize("module", ["app.main", "app.__main__", "scripts.seed_database"])
# {% elif cookiecutter.__jobs %}
@pytest.mark.parametrize("module", ["app.worker", "app.__main__", "scripts.seed_database"])
# {% else %}
@pytest.mark.parametrize("module", ["app.__main__", "scripts.seed_database"])
# {% endif %}
def test_importing_an_entry_point_loads_no_driver(module: str) -> None:
    driver = DIALECT.partition("+")[2]
    script = f"import sys, {module}; sys.exit('{driver}' in sys.modules)"
    done = run_python("-c", script, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
