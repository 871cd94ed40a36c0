"""Run in a project: connects to each URL as its commands do, and prints what the server says."""

from app.event_loop import run

import json
import os
import sys
import warnings

from app.kit.commands.command_error import CommandError
from app.kit.commands.preflight import diagnosed, diagnosed_engine
from app.kit.commands.settings import load_settings
from app.kit.db.sync import open_sync_engine
from app.settings import Settings
from sqlalchemy import text


async def ask(settings: Settings, queries: list[str]) -> list[str]:
    """Ask on a connection of the service."""
    async with diagnosed_engine(settings) as engine, engine.connect() as connection:
        return [str(await connection.scalar(text(query))) for query in queries]


def ask_in_step(settings: Settings, queries: list[str]) -> list[str]:
    """Ask on a connection of the synchronous engine."""
    with diagnosed(settings), open_sync_engine(settings) as engine, engine.connect() as connection:
        return [str(connection.scalar(text(query))) for query in queries]


def answers(url: str, queries: list[str]) -> list[str] | str:
    """Return what both engines are told, or the sentence that refuses the URL."""
    os.environ["DATABASE_URL"] = url
    try:
        settings = load_settings(Settings)
        told = run(ask(settings, queries))
        in_step = ask_in_step(settings, queries)
    except CommandError as error:
        return str(error)
    return told if told == in_step else f"{told} is not {in_step}"


if __name__ == "__main__":
    warnings.simplefilter("error")
    cases = json.loads(sys.argv[1])
    print(json.dumps([answers(*case) for case in cases]))
