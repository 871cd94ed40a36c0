"""Every form of each mistake is found, and what only looks like one is not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from policy_header.checker import check

POLICY = "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"
DRIVER = "import asyncpg\n\nasync def query(): ...\n"
HEADER = """\
import asyncio
import sys
if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
def new_event_loop(): ...
def run(main): ...
"""

# In a code base that sets the policy in place. {POLICY} is the call that sets it.
IN_PLACE = {
    "after the imports": (
        """
        import asyncio, sys
        from sqlalchemy.ext.asyncio import create_async_engine
        if sys.platform == "win32":
            {POLICY}
        asyncio.run(main())
        """,
        "EL002",
    ),
    "after the project's own imports": (
        """
        import asyncio, sys
        from db import query
        if sys.platform == "win32":
            {POLICY}
        asyncio.run(query())
        """,
        "EL002",
    ),
    "in the block of the script": (
        """
        import asyncio, sys
        import psycopg
        if __name__ == "__main__":
            if sys.platform == "win32":
                {POLICY}
            asyncio.run(main())
        """,
        "EL002",
    ),
    "in a try, after the imports": (
        """
        import asyncio
        import sqlalchemy
        try:
            {POLICY}
        except AttributeError:
            pass
        asyncio.run(main())
        """,
        "EL002 EL004",
    ),
    "in a function": (
        """
        import asyncio, sys
        import asyncpg
        def main():
            if sys.platform == "win32":
                {POLICY}
            asyncio.run(query())
        """,
        "EL003",
    ),
    "in a coroutine": (
        """
        import asyncio, sys
        import asyncpg
        async def main():
            if sys.platform == "win32":
                {POLICY}
        asyncio.run(main())
        """,
        "EL003",
    ),
    "in a method": (
        """
        import asyncio, sys
        import asyncpg
        class Service:
            def start(self):
                if sys.platform == "win32":
                    {POLICY}
        """,
        "EL003",
    ),
    "in a lifespan": (
        """
        import asyncio, sys
        from contextlib import asynccontextmanager
        from fastapi import FastAPI
        @asynccontextmanager
        async def lifespan(app):
            if sys.platform == "win32":
                {POLICY}
            yield
        app = FastAPI(lifespan=lifespan)
        """,
        "EL003",
    ),
    "on every system": ("import asyncio\n{POLICY}\nimport asyncpg\n", "EL004"),
    "unless it fails": (
        "import asyncio\ntry:\n    {POLICY}\nexcept AttributeError:\n    pass\nimport asyncpg\n",
        "EL004",
    ),
    "on another system": (
        'import asyncio, sys\nif sys.platform == "linux":\n    {POLICY}\nimport asyncpg\n',
        "EL004",
    ),
    "of a class with another name": (
        """
        from asyncio import WindowsSelectorEventLoopPolicy as Policy, set_event_loop_policy as use
        use(Policy())
        import asyncpg
        """,
        "EL004",
    ),
    "of a class that is assigned": (
        """
        import asyncio
        Policy = asyncio.WindowsSelectorEventLoopPolicy
        asyncio.set_event_loop_policy(Policy())
        import asyncpg
        """,
        "EL004",
    ),
    "of a class from its own module": (
        """
        import asyncio
        from asyncio.windows_events import WindowsSelectorEventLoopPolicy
        asyncio.set_event_loop_policy(WindowsSelectorEventLoopPolicy())
        import asyncpg
        """,
        "EL004",
    ),
    "of a class by getattr": (
        """
        import asyncio
        asyncio.set_event_loop_policy(getattr(asyncio, "WindowsSelectorEventLoopPolicy")())
        import asyncpg
        """,
        "EL004",
    ),
    "by a function that is assigned, late": (
        """
        import asyncio, sys
        import asyncpg
        use = asyncio.set_event_loop_policy
        if sys.platform == "win32":
            use(asyncio.WindowsSelectorEventLoopPolicy())
        asyncio.run(main())
        """,
        "EL002",
    ),
    "twice": (
        """
        import asyncio, sys
        if sys.platform == "win32":
            {POLICY}
        if sys.platform == "win32":
            {POLICY}
        """,
        "EL005",
    ),
    "not at all, run": ("import asyncio\nasyncio.run(main())\n", "EL001"),
    "not at all, run by a name of one's own": (
        "from asyncio import run\nstart = run\nstart(main())\n",
        "EL001",
    ),
    "not at all, run by all names": ("from asyncio import *\nrun(main())\n", "EL001"),
    "not at all, a runner": ("import asyncio\nwith asyncio.Runner() as r:\n    ...\n", "EL001"),
    "not at all, a loop": (
        "import asyncio\nloop = asyncio.get_event_loop()\nloop.run_until_complete(main())\n",
        "EL001",
    ),
    "not at all, a loop at once": (
        "import asyncio\nasyncio.get_event_loop().run_forever()\n",
        "EL001",
    ),
    "not at all, anyio": ("import anyio\nanyio.run(main)\n", "EL001"),
    "not at all, uvicorn": ("import uvicorn\nuvicorn.run('x:app')\n", "EL001 EL006"),
    "not at all, hypercorn": (
        "from hypercorn.config import Config\nfrom hypercorn.run import run\nrun(Config())\n",
        "EL001",
    ),
    "not at all, an application": ("from fastapi import FastAPI\napp = FastAPI()\n", "EL001"),
    "not at all, a script": (
        "from db import query\nif __name__ == '__main__':\n    main()\n",
        "EL001",
    ),
    "uvicorn, which ignores the policy": (
        """
        import asyncio, sys
        if sys.platform == "win32":
            {POLICY}
        import uvicorn
        uvicorn.run("x:app")
        """,
        "EL006",
    ),
    "loops that nest": (
        """
        import asyncio, sys
        if sys.platform == "win32":
            {POLICY}
        import nest_asyncio
        nest_asyncio.apply()
        """,
        "EL006",
    ),
}

# After `from app.event_loop import run` and the imports of what is called.
BYPASSES = {
    "run": "asyncio.run(main())",
    "run with no factory": "asyncio.run(main(), loop_factory=None)",
    "run with another factory": "asyncio.run(main(), loop_factory=asyncio.new_event_loop)",
    "run with another class": "asyncio.run(main(), loop_factory=asyncio.SelectorEventLoop)",
    "run by a name of one's own": "start = asyncio.run\nstart(main())",
    "run by getattr": "getattr(asyncio, 'run')(main())",
    "a runner": "with asyncio.Runner() as runner:\n    runner.run(main())",
    "a new loop": "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())",
    "a new loop of a submodule": "asyncio.events.new_event_loop()",
    "a class": "loop = asyncio.ProactorEventLoop()",
    "the loop that may be there": (
        "def main():\n    loop = asyncio.get_event_loop()\n    loop.run_until_complete(query())"
    ),
    "the same at once": "asyncio.get_event_loop().run_until_complete(main())",
    "the same in a class": (
        "class A:\n"
        "    def __init__(self):\n        self.loop = asyncio.get_event_loop()\n"
        "    def run(self):\n        self.loop.run_forever()"
    ),
    "the same on import": "loop = asyncio.get_event_loop()",
    "the policy's loop": "asyncio.get_event_loop_policy().new_event_loop()",
    "anyio": "anyio.run(main)",
    "anyio with options that choose nothing": "anyio.run(main, backend_options=None)",
    "uvloop": "uvloop.run(main())",
    "winloop": "winloop.run(main())",
    "uvicorn": "uvicorn.run('x:app')",
    "uvicorn with a loop of its own": "uvicorn.run('x:app', loop='asyncio')",
    "uvicorn's server": "uvicorn.Server(uvicorn.Config('x:app')).run()",
    "uvicorn's server, by names": (
        "config = uvicorn.Config('x:app')\nserver = uvicorn.Server(config)\nserver.run()"
    ),
    "hypercorn": "hypercorn.run.run(config)",
    "granian": "granian.Granian('x:app', interface='asgi').serve()",
    "aiohttp": "aiohttp.web.run_app(app)",
    "quart": "app = quart.Quart('x')\napp.run()",
    "sanic": "app = sanic.Sanic('x')\nif __name__ == '__main__':\n    app.run()",
    "tornado": "tornado.ioloop.IOLoop.current().start()",
    "nested loops": "nest_asyncio.apply()",
    "pytest-asyncio's old fixture": (
        "@pytest.fixture\ndef event_loop():\n"
        "    loop = asyncio.get_event_loop_policy().new_event_loop()\n    yield loop"
    ),
}
IMPORTED = (
    *("aiohttp.web", "anyio", "asyncio", "granian", "hypercorn.run", "nest_asyncio", "pytest"),
    *("quart", "sanic", "tornado.ioloop", "uvicorn", "uvloop", "winloop"),
)

# {0} is an await of a query; a handler or a context that hides its error.
SWALLOWED = {
    "pass": "try:\n        {0}\n    except RuntimeError:\n        pass",
    "an ellipsis": "try:\n        {0}\n    except RuntimeError:\n        ...",
    "continue": "while x:\n        try:\n            {0}\n        except RuntimeError:\n"
    "            continue",
    "break": "while x:\n        try:\n            {0}\n        except RuntimeError:\n"
    "            break",
    "return": "try:\n        {0}\n    except RuntimeError:\n        return",
    "return nothing": "try:\n        {0}\n    except RuntimeError:\n        return []",
    "a line in the log": "try:\n        {0}\n    except RuntimeError as e:\n        log.error(e)",
    "a line in the log, and return": (
        "try:\n        {0}\n    except (RuntimeError, OSError):\n"
        "        logger.exception('failed')\n        return None"
    ),
    "print": "try:\n        {0}\n    except RuntimeError as error:\n        print(error)",
    "one of several": "try:\n        {0}\n    except (ValueError, RuntimeError):\n        pass",
    "a tuple with a name": "try:\n        {0}\n    except ERRORS:\n        pass",
    "builtins": "try:\n        {0}\n    except builtins.RuntimeError:\n        pass",
    "everything": "try:\n        {0}\n    except Exception:\n        pass",
    "without a class": "try:\n        {0}\n    except:\n        pass",
    "a group": "try:\n        {0}\n    except* RuntimeError:\n        pass",
    "suppress": "with contextlib.suppress(RuntimeError):\n        {0}",
    "suppress by its name": "with suppress(OSError, RuntimeError):\n        {0}",
    "suppress on a stack": (
        "with ExitStack() as stack:\n"
        "        stack.enter_context(suppress(RuntimeError))\n        {0}"
    ),
}
QUERIES = (
    "await session.execute(query)",
    "rows = await connection.fetch('SELECT 1')",
    "await self.session.commit()",
    "await session.get(Company, 1)",
    "await get_company(session, 1)",
    "async with engine.begin() as connection:\n            pass",
    "async for row in connection.stream(query):\n            pass",
    "await engine.dispose()",
    "asyncio.run(main())",
    "loop.run_until_complete(main())",
)
SURROUNDINGS = """\
import asyncio, builtins, contextlib
from contextlib import ExitStack, suppress
ERRORS = (RuntimeError, OSError)
async def work(self, session, connection, engine, loop):
    {0}
"""


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a code base that has a driver, as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "db.py").write_text(DRIVER, encoding="utf-8")
    return tmp_path


@pytest.fixture
def header(base: Path) -> None:
    """Give the code base a header module."""
    (base / "app").mkdir()
    (base / "app" / "event_loop.py").write_text(HEADER, encoding="utf-8")


def found(code: str, name: str = "module.py") -> set[str]:
    text = dedent(code).replace("{POLICY}", POLICY)
    return {finding.code for finding in check(Path(name), text.encode())}


@pytest.mark.parametrize("form", IN_PLACE)
def test_the_policy_set_wrongly(form: str) -> None:
    code, expected = IN_PLACE[form]
    assert found(code) == set(expected.split())


@pytest.mark.usefixtures("header")
@pytest.mark.parametrize("form", BYPASSES)
def test_a_loop_that_bypasses_the_header(form: str) -> None:
    imports = "".join(f"import {name}\n" for name in IMPORTED)
    assert found(f"from app.event_loop import run\n{imports}{BYPASSES[form]}\n") == {"EL006"}


@pytest.mark.usefixtures("header")
@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasyncio.run(main())\n",
        "import asyncpg\nfrom app.event_loop import run\nrun(main())\n",
        (
            "import asyncpg\ndef main():\n    from app.event_loop import run\n    run(query())\n"
            "if __name__ == '__main__':\n    main()\n"
        ),
    ],
)
def test_a_header_that_is_missing_late_or_buried(code: str) -> None:
    assert found(code, "scripts/report.py") & {"EL001", "EL002", "EL003"}


@pytest.mark.usefixtures("header")
def test_tests_with_another_policy() -> None:
    header = "import app.event_loop\nimport asyncio\nimport pytest\n"
    fixture = "@pytest.fixture(scope='session')\ndef event_loop_policy():\n    return "
    bad = f"{header}{fixture}asyncio.DefaultEventLoopPolicy()\n"
    assert found(bad, "conftest.py") == {"EL005"}
    good = f"{header}{fixture}app.event_loop.policy()\n"
    assert found(good, "conftest.py") == set()


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("form", SWALLOWED)
def test_an_error_of_the_loop_that_is_swallowed(form: str, query: str) -> None:
    code = SURROUNDINGS.format(SWALLOWED[form].format(query))
    if form in {"continue", "break"}:
        code = code.replace("            pass", "                pass")
    assert "EL007" in found(code)


@pytest.mark.parametrize(
    "code",
    [
        # Nothing that waits for a database.
        "try:\n        await websocket.close()\n    except RuntimeError:\n        pass",
        "try:\n        asyncio.get_running_loop()\n    except RuntimeError:\n        return None",
        "try:\n        task.cancel()\n    except RuntimeError:\n        pass",
        "with suppress(RuntimeError):\n        await websocket.send_text('bye')",
        (
            "try:\n        async def later():\n            await session.commit()\n"
            "    except RuntimeError:\n        pass"
        ),
        # Another error, or the same one, not hidden.
        "try:\n        await session.commit()\n    except IntegrityError:\n        pass",
        "with suppress(ProcessLookupError):\n        await session.commit()",
        (
            "try:\n        await session.commit()\n    except RuntimeError as error:\n"
            "        raise Unavailable from error"
        ),
        (
            "try:\n        await session.commit()\n    except RuntimeError as error:\n"
            "        log.error(error)\n        raise"
        ),
        (
            "try:\n        await session.commit()\n    except RuntimeError as error:\n"
            "        return problem(error)"
        ),
        (
            "try:\n        await session.execute(ping)\n    except Exception:\n"
            "        log.exception('not ready')\n        return False"
        ),
        "with pytest.raises(RuntimeError):\n        await session.commit()",
        "with pytest.raises(RuntimeError, match='closed'):\n        loop.run_until_complete(x)",
    ],
)
def test_errors_that_are_not_swallowed(code: str) -> None:
    assert found(SURROUNDINGS.format(code)) == set()


def test_a_session_of_http_is_none_of_a_database() -> None:
    code = "import aiohttp\n" + SURROUNDINGS.format(
        "try:\n        async with session.get(url): pass\n    except RuntimeError:\n        pass"
    )
    assert found(code) == set()


SET_IN_PLACE = f'import asyncio, sys\nif sys.platform == "win32":\n    {POLICY}\n'


@pytest.mark.parametrize(
    "code",
    [
        # A policy that is set first, in whatever way it asks for the platform.
        f"{SET_IN_PLACE}import asyncpg\nasyncio.run(main())\n",
        f"import asyncio, os\nif os.name == 'nt':\n    {POLICY}\nimport asyncpg\n",
        (
            "import asyncio\npolicy = getattr(asyncio, 'WindowsSelectorEventLoopPolicy', None)\n"
            "if policy:\n    asyncio.set_event_loop_policy(policy())\nimport asyncpg\n"
        ),
        f"{SET_IN_PLACE}import asyncpg\nloop = asyncio.get_event_loop()\nloop.run_forever()\n",
        f"{SET_IN_PLACE}import asyncpg\nwith asyncio.Runner() as r:\n    r.run(main())\n",
        # Each loop is chosen where it is made: no policy is needed.
        (
            "import asyncio, asyncpg\n"
            "if __name__ == '__main__':\n"
            "    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:\n"
            "        runner.run(main())\n"
        ),
        "import asyncio, asyncpg\nasyncio.run(main(), loop_factory=make)\n",
        # Coroutines ask for their loop.
        "import asyncio\nasync def f():\n    await asyncio.get_event_loop().create_task(g())\n",
        (
            "import asyncio\nclass C:\n    def __init__(self):\n"
            "        self.loop = asyncio.get_event_loop()\n"
        ),
        # Scripts that come to no loop; libraries.
        "import rich, tomllib\nif __name__ == '__main__':\n    main()\n",
        "import click\n@click.command()\ndef main(): ...\n",
        '"""Call it so: `asyncio.run(main())`."""\nimport asyncpg\n',
        "import asyncpg\nEXAMPLE = 'asyncio.run(main())'\n",
        "import asyncio\nfrom sqlalchemy.ext.asyncio import AsyncSession\n",
        "def run(main): ...\nrun(main())\n",
        "import subprocess\nsubprocess.run(['x'])\n",
        "import uvicorn\nuvicorn.Config('x:app')\n",
    ],
)
def test_what_is_right_in_place(code: str) -> None:
    assert found(code) == set()


@pytest.mark.usefixtures("header")
@pytest.mark.parametrize(
    "code",
    [
        "run(main())",
        "loop = new_event_loop()\nloop.run_until_complete(main())",
        "def drive(loop):\n    loop.run_until_complete(main())",
        (
            "def drive(loop):\n    loop.run_forever()\n"
            "async def ask():\n    loop = asyncio.get_event_loop()\n    loop.time()"
        ),
        "async def f():\n    return asyncio.get_event_loop().time()",
        "asyncio.get_running_loop()",
        "assert isinstance(loop, asyncio.SelectorEventLoop)",
        "asyncio.Runner(loop_factory=new_event_loop)",
        "asyncio.run(main(), loop_factory=new_event_loop)",
        "anyio.run(main, backend_options={'loop_factory': new_event_loop})",
        "uvicorn.run('x:app', loop='app.event_loop:new_event_loop')",
        "uvicorn.run('x:app', **options)",
        "uvicorn.Server(uvicorn.Config('x:app', loop='app.event_loop:new_event_loop')).run()",
        "async def f():\n    await uvicorn.Server(uvicorn.Config('x:app')).serve()",
        "def f(server):\n    server.run()",
        "run(hypercorn.asyncio.serve(app, config))",
        "run(aiohttp.web._run_app(app))",
        "quart.Quart('x').run(loop=new_event_loop())",
        "flask.Flask('x').run()",
        "with pytest.raises(RuntimeError):\n    run(main())",
        "@pytest.fixture\ndef event_loop():\n    yield new_event_loop()",
    ],
)
def test_what_is_right_with_a_header_module(code: str) -> None:
    imports = "".join(f"import {name}\n" for name in (*IMPORTED, "flask", "hypercorn.asyncio"))
    assert found(f"from app.event_loop import new_event_loop, run\n{imports}{code}\n") == set()


def test_a_header_module_with_another_name_is_found(base: Path) -> None:
    (base / "core").mkdir()
    (base / "core" / "loops.py").write_text(HEADER, encoding="utf-8")
    rest = "import asyncpg\nif __name__ == '__main__':\n    run(main())\n"
    assert found(f"from core.loops import run\n{rest}", "main.py") == set()
    assert found(f"import sys\nfrom core import loops\n{rest}", "main.py") == set()
    assert found(f"import asyncpg\nfrom core.loops import run\n{rest}", "main.py") == {"EL002"}
    assert found(f"from core.other import run\n{rest}", "main.py") == {"EL001"}


@pytest.mark.parametrize(
    "code",
    [
        f"import asyncio, sys\nimport sqlalchemy\nif sys.platform == 'win32':\n    {POLICY}\n",
        "import asyncio, psycopg\nasyncio.run(main())\n",
        (
            "async def f(session):\n    try:\n        await session.execute(x)\n"
            "    except RuntimeError:\n        pass\n"
        ),
    ],
)
def test_a_file_alone_may_tell_enough(code: str, base: Path) -> None:
    (base / "db.py").unlink()
    assert found(code)


def test_a_command_line_is_no_application() -> None:
    assert found("import typer\napp = typer.Typer()\n", "release.py") == set()
    assert found("import db\ndef test(): ...\n", "scripts/test_words.py") == set()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import asyncio\nasyncio.run(main())\n", "docs/example.py"),
        ("import pytest\n", "tests/conftest.py"),
        ("import uvicorn\nuvicorn.run('x:app')\n", "serve.py"),
        ("from fastapi import FastAPI\napp = FastAPI()\n", "app.py"),
        (f"import aiohttp\n{SET_IN_PLACE}asyncio.run(main())\n", "bot.py"),
        (
            f"{SET_IN_PLACE}def again():\n    {SET_IN_PLACE.splitlines()[1]}\n        {POLICY}\n",
            "a.py",
        ),
        ("import nest_asyncio\nnest_asyncio.apply()\n", "shell.py"),
        (SURROUNDINGS.format(SWALLOWED["pass"].format("await session.close()")), "client.py"),
    ],
)
@pytest.mark.parametrize(
    "driver",
    [
        "",
        "import psycopg2\ndef query(): ...\n",
        "import psycopg\nfrom sqlmodel import Session, create_engine\nasync def route(): ...\n",
        "URL = 'postgresql+psycopg://localhost/x'\nasync def route(): ...\n",
    ],
)
def test_a_code_base_without_a_driver_for_coroutines_needs_no_header(
    code: str, name: str, driver: str, base: Path
) -> None:
    (base / "db.py").write_text(driver, encoding="utf-8")
    assert found(code, name) == set()


@pytest.mark.parametrize(
    "driver",
    [
        "import asyncpg\nasync def query(): ...\n",
        "from sqlalchemy.ext.asyncio import create_async_engine\nasync def query(): ...\n",
        "URL = 'postgresql+asyncpg://localhost/x'\n",
        "import psycopg\nasync def query():\n    await psycopg.AsyncConnection.connect()\n",
        "from redis.asyncio import Redis\n",
    ],
)
def test_a_driver_anywhere_in_the_code_base_counts(driver: str, base: Path) -> None:
    (base / "db.py").unlink()
    (base / "inner").mkdir()
    (base / "inner" / "queries.py").write_text(driver, encoding="utf-8")
    assert found("import asyncio\nasyncio.run(main())\n", "jobs/nightly.py") == {"EL001"}
