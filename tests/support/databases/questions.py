"""Many questions at once, asked by several processes of a project, and their answers compared."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from support.projects import Project

_CLIENT = """
from app.event_loop import run
import asyncio, json, random
from sqlalchemy import func, literal, select
from sqlalchemy.exc import DBAPIError
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

QUESTIONS = [
    lambda n: (select(literal(n) + 1), n + 1),
    lambda n: (select(literal(n) * 2), n * 2),
    lambda n: (select(func.abs(literal(n)) - 3), n - 3),
    lambda n: (select(literal(n) + literal(n) + 5), n + n + 5),
    lambda n: (select(literal(str(n)).concat("!")), f"{n}!"),
]
# What a session is: nothing of it may stay for others who come to the same connection.
IS = {
    "read": ("off", "read committed"),
    "write": ("off", "read committed"),
    "snapshot": ("on", "repeatable read"),
}
ASK_WHAT_IT_IS = select(
    func.current_setting("transaction_read_only").concat(",").concat(
        func.current_setting("transaction_isolation")
    )
)
answers = {"right": 0, "wrong": 0, "errors": 0}

async def ask(sessions):
    for _ in range(100):
        question, right = random.choice(QUESTIONS)(random.randrange(1_000_000))
        try:
            kind = random.choice(["read", "write", "snapshot"])
            async with getattr(sessions, kind)() as session:
                for asked, expected in [(ASK_WHAT_IT_IS, ",".join(IS[kind])), (question, right)]:
                    answer = await session.scalar(asked)
                    answers["right" if answer == expected else "wrong"] += 1
        except DBAPIError:
            answers["errors"] += 1

async def main():
    async with open_engine(Settings()) as engine, asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(ask(create_sessions(engine)))
    print(json.dumps(answers))

run(main())
"""
CLIENTS = 3
TASKS = 8
"""Of each client."""
QUESTIONS = CLIENTS * TASKS * 100 * 2
ALL_RIGHT = {"right": QUESTIONS, "wrong": 0, "errors": 0}


def ask(project: Project, url: str, **env: str) -> dict[str, int]:
    """Let several processes ask at once; return how many answers were right, and how many not."""

    def run(_number: int) -> dict[str, int]:
        done = project.succeed(project.python, "-c", _CLIENT, DATABASE_URL=url, **env)
        answers: dict[str, int] = json.loads(done)
        return answers

    with ThreadPoolExecutor(CLIENTS) as threads:
        results = list(threads.map(run, range(CLIENTS)))
    return {kind: sum(result[kind] for result in results) for kind in results[0]}
