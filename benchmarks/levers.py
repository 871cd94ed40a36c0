"""What each default is worth, and what is left: FastAPI's project with one thing changed."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.contestants import AT_ONCE, BASELINE, Contestant
from benchmarks.cores import on
from benchmarks.loads import CONNECTIONS, summary
from benchmarks.measuring import measure
from benchmarks.servers import Server, seeded

AS_IT_IS = "as it is"
METHODS = ("GET",)
ROUNDS = 5
"""At most: there are many of them."""
SESSION, APPLICATION = "app/kit/db/session.py", "app/kit/http/application.py"
ROUTES, QUERIES = "app/companies/routes.py", "app/companies/queries.py"
MIDDLEWARE = """    app.add_middleware(UnexpectedErrors)

    @app.middleware("http")
    async def pass_on(request, call_next):
        return await call_next(request)

"""


@dataclass(frozen=True)
class Edit:
    """A change of the project's code."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Lever:
    """A change of one thing, by settings or in the code."""

    name: str
    why: str
    """Why the project is as it is."""
    env: dict[str, str] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()


OWN_SESSION = (
    Edit(
        ROUTES,
        "async def get_company(session: Read, company_id: Id) -> Company:\n",
        "async def get_company(sessions: Factories, company_id: Id) -> Company:\n",
    ),
    Edit(
        ROUTES,
        "    return await queries.get_company(session, company_id)\n",
        "    async with sessions.read() as session:\n"
        "        return await queries.get_company(session, company_id)\n",
    ),
)
COLUMNS = (
    Edit(
        QUERIES,
        "_BY_ID = select(Company).where",
        "_BY_ID = select(*Company.__table__.c).where",
    ),
    Edit(
        QUERIES,
        'await session.scalar(_BY_ID, {"id": company_id})',
        '(await session.execute(_BY_ID, {"id": company_id})).one_or_none()',
    ),
)

DEFAULTS = (
    Lever(
        "reads in a transaction",
        "A read has nothing to commit. In autocommit it is one round trip instead of three.",
        edits=(
            Edit(
                SESSION,
                "(reader, driver.READ_OPTIONS, in_transaction=False)",
                "(reader, {}, in_transaction=True)",
            ),
        ),
    ),
    Lever(
        "a ping before each use (`DB_LIVENESS_CHECK=ping`)",
        "A connection that was used a moment ago is there; one that rested is asked.",
        {"DB_LIVENESS_CHECK": "ping"},
    ),
    Lever(
        "a pool of 5 with 10 more (`DB_POOL_SIZE=5 DB_MAX_OVERFLOW=10`)",
        "Connections beyond the pool's size are closed on return, and opened again under load.",
        {"DB_POOL_SIZE": "5", "DB_MAX_OVERFLOW": "10"},
    ),
    Lever(
        "no prepared statements (`DB_POOLER=pgbouncer`)",
        "A statement is parsed once a connection. PgBouncer before 1.21 can't, hence the setting.",
        {"DB_POOLER": "pgbouncer"},
    ),
    Lever(
        "garbage collection as Python has it (`APP_TUNE_GC=no`)",
        "What was imported is no garbage: it is left alone, and the rest is searched less often.",
        {"APP_TUNE_GC": "no"},
    ),
    Lever(
        'sessions closed after the answer (no `scope="function"`)',
        "A commit that fails has to be answered. It also gives the connection back sooner.",
        edits=(
            Edit("app/kit/http/sessions.py", "fastapi_function_astack", "fastapi_inner_astack"),
        ),
    ),
    Lever(
        "asyncio's loop instead of uvloop's",
        "uvloop is installed where the system has it.",
        edits=(
            Edit(
                "app/event_loop.py",
                "    return uvloop.new_event_loop()",
                "    return asyncio.SelectorEventLoop()",
            ),
        ),
    ),
    Lever(
        'a middleware of `@app.middleware("http")`',
        "Starlette's BaseHTTPMiddleware runs the application in a task of its own, and streams "
        "through a queue: all of the project's middleware is pure ASGI.",
        edits=(Edit(APPLICATION, "    app.add_middleware(UnexpectedErrors)\n", MIDDLEWARE),),
    ),
    Lever(
        "a line of the log for each request (`APP_LOG_LEVEL=info`, the default)",
        "It is worth it. Everything else here is measured with `APP_LOG_LEVEL=warning`.",
        {"APP_LOG_LEVEL": "info"},
    ),
)
"""What is taken back."""
BEYOND = (
    Lever(
        "the route opens its session, not a dependency",
        "A dependency is FastAPI's way: it can be replaced in a test, and no route forgets it.",
        edits=OWN_SESSION,
    ),
    Lever(
        "columns instead of objects",
        "Objects are what the ORM is for: types, relationships, changes that are flushed.",
        edits=COLUMNS,
    ),
    Lever("both", "As above.", edits=(*OWN_SESSION, *COLUMNS)),
)
"""What would be faster, and is left to the routes that need it."""
LEVERS = (*DEFAULTS, *BEYOND)


def levers(bench: Bench) -> dict[str, Any]:
    """Return what the project does with each change, relative to what it does without.

    Of each also the bytes of memory that it holds at the end.
    """
    ours = bench.workshop.contestant(*BASELINE)
    found: dict[str, Any] = {}
    # A part of them at a time, for the sake of PostgreSQL's connections.
    size = AT_ONCE - 1
    for start in range(0, len(LEVERS), size):
        found |= _group(bench, ours, LEVERS[start : start + size])
    return {
        kind: {lever.name: found[lever.name] | {"why": lever.why} for lever in changes}
        for kind, changes in (("defaults", DEFAULTS), ("beyond", BEYOND))
    }


def _group(bench: Bench, ours: Contestant, group: tuple[Lever, ...]) -> dict[str, Any]:
    with ExitStack() as stack:
        with on(bench.cores.others):
            url = stack.enter_context(seeded(ours.project, bench.directory))
        servers: list[Server] = []
        with on(bench.cores.servers):
            usual = replace(ours, name=AS_IT_IS)
            servers.append(stack.enter_context(usual.start(url, bench.log(AS_IT_IS))))
            for lever in group:
                it = replace(ours, name=lever.name, directory=edited(ours, lever, bench.directory))
                log = bench.log(f"lever-{LEVERS.index(lever)}")
                servers.append(stack.enter_context(it.start(url, log, **lever.env)))
        plan = replace(bench.plan, rounds=min(bench.plan.rounds, ROUNDS), methods=METHODS)
        with on(bench.cores.others):
            rounds = measure(
                servers,
                bench.generator,
                plan,
                connections=CONNECTIONS,
                advance=bench.advance,
            )
        memory = {it.name: it.memory() for it in servers}
    return {
        name: it | {"memory_ratio": memory[name] / memory[AS_IT_IS]}
        for name, it in summary(rounds["GET"], AS_IT_IS).items()
    }


def edited(ours: Contestant, lever: Lever, directory: Path) -> Path:
    """Return the project's directory, or that of a copy with the lever's edits."""
    if not lever.edits:
        return ours.project.path
    copy = directory / f"lever-{LEVERS.index(lever)}"
    ignored = shutil.ignore_patterns(".venv", "__pycache__")
    # Two parts of one run may use the lever.
    shutil.copytree(ours.project.path, copy, ignore=ignored, dirs_exist_ok=True)
    for edit in lever.edits:
        file = copy / edit.file
        text = file.read_text(encoding="utf-8")
        if edit.old not in text:
            raise ValueError(f"{edit.file} no longer has {edit.old!r}, which a lever changes.")
        file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return copy
