"""Run in a project: its commands, each under many settings, as if each were a process of its own.

A process for each would take minutes. `RUNS` has `[[name, settings], …]` in JSON; a line that
begins with MARK comes before what each run prints, and one with ENDED and its exit code after it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import runpy
import sys
import traceback

MARK, ENDED = "### run ", "### ended "


def app(*arguments: str) -> None:
    run_module("app", *arguments)


def alembic() -> None:
    run_module("alembic", "upgrade", "head")


def seed() -> None:
    sys.argv = ["scripts/seed_database.py"]
    runpy.run_path(sys.argv[0], run_name="__main__")


def run_module(name: str, *arguments: str) -> None:
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def show() -> None:
    """Print whatever has a setting in it, as somebody does who looks for a mistake."""
    from app.kit.db.engine import create_engine, open_engine  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415  of the project

    async def connect() -> None:
        settings = Settings()
        print(settings, repr(settings), settings.model_dump(), settings.model_dump_json())
        print(settings.sqlalchemy_url, repr(settings.sqlalchemy_url))
        engine = create_engine(settings)
        print(engine, repr(engine), engine.url, repr(engine.url), repr(engine.sync_engine))
        print(engine.pool, repr(engine.pool), engine.pool.status())
        await engine.dispose()
        async with open_engine(settings, prewarm=2) as engine, engine.connect() as connection:
            print(connection)

    try:
        asyncio.run(connect())
    except BaseException as error:
        print(repr(error), error, error.args)
        logging.getLogger("show").exception("As a handler of ours would log it")
        raise


COMMANDS = {
    "start": lambda: app(*os.environ["START"].split()),
    "doctor": lambda: app("doctor"),
    "alembic": alembic,
    "seed": seed,
    "show": show,
}


def run(command: str) -> int:
    """Run a command, print what the interpreter would, and return the exit code."""
    try:
        COMMANDS[command]()
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except BaseException:  # noqa: BLE001  as the interpreter
        traceback.print_exc()
        return 1
    finally:
        # What is never awaited, retrieved or closed says so.
        gc.collect()
    return 0


def main() -> None:
    """Run each command under each of the settings."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    # In one order, so that what is found has the name of its run.
    sys.stderr = sys.stdout
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(level="DEBUG")
    for name, settings in json.loads(os.environ.pop("RUNS")):
        os.environ.update(settings)
        for command in COMMANDS:
            print(f"{MARK}{name}, {command}")
            code = run(command)
            print(f"{ENDED}{code}")
        for setting in settings:
            del os.environ[setting]


if __name__ == "__main__":
    main()
