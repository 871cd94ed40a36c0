"""Each symptom of docs/event-loop.md, reproduced: its words are in what Python prints.

A test quotes nothing: it looks for what `SYMPTOMS` has under its name.
`simulated_win32` is in the name of those that need the simulation of Windows.
"""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest
from support.windows.simulated import SELECTOR, simulated
from support.windows.symptoms import SYMPTOMS
from support.windows.workbench import Workbench, on_workbench

pytestmark = [pytest.mark.projects, on_workbench]

ORM = """
import asyncio, os
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

def engine(driver):
    return create_async_engine(os.environ["DATABASE_URL"].replace("ql:", f"ql+{driver}:"))

async def query(engine):
    async with engine.connect() as connection:
        return await connection.scalar(text("SELECT 42"))
"""


@pytest.fixture
def symptoms(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return the words that the test reproduces."""
    return SYMPTOMS[request.node.originalname]


def assert_fails(done: CompletedProcess[str], symptoms: tuple[str, ...]) -> None:
    assert done.returncode == 1, done.stdout
    assert symptoms
    for symptom in symptoms:
        assert symptom in done.stderr


@simulated
def test_simulated_win32_psycopg(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run(f"{ORM}\nasyncio.run(query(engine('psycopg')))")
    assert_fails(done, symptoms)


@simulated
def test_simulated_win32_psycopg_pool(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run("""
        import asyncio, os, psycopg_pool
        async def main():
            url = os.environ["DATABASE_URL"]
            async with psycopg_pool.AsyncConnectionPool(url, open=False) as pool:
                await pool.wait(timeout=1)
        asyncio.run(main())
    """)
    assert_fails(done, symptoms)
    assert "Psycopg cannot use the 'ProactorEventLoop'" in done.stderr


@simulated
def test_simulated_win32_aiopg(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run("""
        import asyncio, os, aiopg
        async def main():
            await aiopg.connect(os.environ["DATABASE_URL"])
        asyncio.run(main())
    """)
    assert_fails(done, symptoms)


SUBPROCESS = """
import asyncio, sys
async def main():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()
asyncio.run(main())
"""


@simulated
def test_simulated_win32_subprocess(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    assert_fails(workbench.run(f"from app import event_loop\n{SUBPROCESS}"), symptoms)
    assert workbench.run(SUBPROCESS).returncode == 0
    instead = """
        from app import event_loop
        import asyncio, subprocess, sys
        event_loop.run(asyncio.to_thread(subprocess.run, [sys.executable, "-c", ""], check=True))
    """
    assert workbench.run(instead).returncode == 0


@simulated
@pytest.mark.parametrize("header", ["", "from app import event_loop\n"])
def test_simulated_win32_signal_handler(
    workbench: Workbench, symptoms: tuple[str, ...], header: str
) -> None:
    code = """
import asyncio, signal
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)
asyncio.run(main())
"""
    assert_fails(workbench.run(header + code), symptoms)


@simulated
def test_simulated_win32_many_sockets(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    """The loop itself needs one of the 512."""
    code = """
        from app import event_loop
        import asyncio, contextlib, socket

        async def main():
            loop = asyncio.get_running_loop()
            with contextlib.ExitStack() as stack:
                for _ in range(COUNT):
                    it = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    loop.add_reader(it, print)
                    stack.callback(loop.remove_reader, it)
                # Until it has waited for all of them once.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        asyncio.run(main())
    """
    assert workbench.run(code.replace("COUNT", "511")).returncode == 0
    assert_fails(workbench.run(code.replace("COUNT", "512")), symptoms)


GUARDED = "import asyncio\nfrom app.event_loop import ensure_compatible_loop, new_event_loop\n"


@simulated
def test_simulated_win32_guard(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run(f"""{GUARDED}
async def lifespan():
    ensure_compatible_loop()
# As servers do that choose it themselves.
with asyncio.Runner(loop_factory=asyncio.ProactorEventLoop) as runner:
    runner.run(lifespan())
""")
    assert_fails(done, symptoms)


POLICY = """
import asyncio
asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
"""


@simulated
def test_windows_policy_elsewhere(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    assert workbench.run(POLICY).returncode == 0
    assert_fails(workbench.run_here(POLICY), symptoms)


@simulated
def test_simulated_win32_no_policies(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    without = {"SIMULATED_WIN32_NO_POLICIES": "1"}
    assert_fails(workbench.run(POLICY, **without), symptoms)
    assert workbench.run("from app import event_loop", **without).returncode == 0


def test_loop_instance_as_factory(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    code = """
        import asyncio
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoopCALL) as runner:
            runner.run(asyncio.sleep(0))
    """
    assert_fails(workbench.run_here(code.replace("CALL", "()")), symptoms)
    assert workbench.run_here(code.replace("CALL", "")).returncode == 0


def test_nested_run_until_complete(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here("""
        import asyncio
        async def main():
            asyncio.get_running_loop().run_until_complete(asyncio.sleep(0))
        asyncio.run(main())
    """)
    assert_fails(done, symptoms)


def test_nested_run(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here("""
        import asyncio
        async def notebook():
            asyncio.run(asyncio.sleep(0))
        asyncio.run(notebook())
    """)
    assert_fails(done, symptoms)


def test_no_current_loop(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    """In a thread, as from Python 3.14 on everywhere."""
    done = workbench.run_here("""
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        ThreadPoolExecutor().submit(asyncio.get_event_loop).result()
    """)
    assert_fails(done, symptoms)


def test_connection_outlives_its_loop(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here("""
        import asyncio, os, asyncpg
        connection = asyncio.run(asyncpg.connect(os.environ["DATABASE_URL"]))
        asyncio.run(connection.close())
    """)
    assert_fails(done, symptoms)


def test_engine_on_two_loops(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    code = f"""{ORM}
async def main():
    DISPOSE
    return await query(shared)
shared = engine("asyncpg")
asyncio.run(main())
asyncio.run(main())
"""
    assert_fails(workbench.run_here(code.replace("DISPOSE", "")), symptoms)
    fresh = code.replace("DISPOSE", "shared = engine('asyncpg')")
    assert workbench.run_here(fresh).returncode == 0


def test_tls_to_a_plain_port(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here("""
        import asyncio, ssl
        async def answer(reader, writer):
            writer.write(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n")
        async def main():
            server = await asyncio.start_server(answer, "127.0.0.1")
            port = server.sockets[0].getsockname()[1]
            await asyncio.open_connection("127.0.0.1", port, ssl=ssl.create_default_context())
        asyncio.run(main())
    """)
    assert_fails(done, symptoms)


def test_asyncpg_tls_to_a_server_without(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here("""
        import asyncio, os, asyncpg
        asyncio.run(asyncpg.connect(os.environ["DATABASE_URL"], ssl="require"))
    """)
    assert_fails(done, symptoms)


def test_lazy_io(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    done = workbench.run_here(f"{ORM}\nengine('asyncpg').sync_engine.connect()")
    assert_fails(done, symptoms)


def test_sync_driver(workbench: Workbench, symptoms: tuple[str, ...]) -> None:
    assert_fails(workbench.run_here(f"{ORM}\nengine('psycopg2')"), symptoms)


@simulated
def test_simulated_win32_header_cures(workbench: Workbench) -> None:
    """What the first symptoms fail at works after the header; else they would prove nothing."""
    workbench.windows.report.unlink(missing_ok=True)
    done = workbench.run(
        f"from app import event_loop\n{ORM}\nprint(event_loop.run(query(engine('psycopg'))))"
    )
    assert done.stdout == "42\n", done.stderr
    assert workbench.windows.loops() == {SELECTOR}
