"""What an owner writes without the header, or past it, is found in the project itself."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bake import bake, choices
from policy_header.command import main
from projects import Copy, Project

REPORT = "scripts/report.py"
SET = "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"
ON_WINDOWS = f'if sys.platform == "win32":\n    {SET}\n'
HEADER = "from app.event_loop import run\n\n"
MAIN = "\n\nasync def main() -> None: ...\n\n\n"
QUERY = f"{HEADER}{MAIN}async def work(session, log):\n    try:\n        await session.commit()\n"


@dataclass(frozen=True)
class Mistake:
    """What an owner writes, and who finds it."""

    code: str
    ruff: str
    """The rules of ruff that find it; "" if none does."""
    test: bool = True
    """Whether the project's own test finds it."""
    place: str = REPORT


MISTAKES = {
    # The header comes late, or stands elsewhere.
    "after other imports": Mistake(f"import sqlalchemy\n{HEADER}{MAIN}run(main())\n", "I001"),
    "after a statement": Mistake(f"import os\n\nprint(os)\n{HEADER}{MAIN}run(main())\n", "E402"),
    "after a variable": Mistake(
        f"import os\n\nos.environ['X'] = 'y'\n{HEADER}{MAIN}run(main())\n", "I001"
    ),
    "in a function": Mistake(
        f"import sqlalchemy\n\n\ndef go():\n    {HEADER}    run(main())\n", "PLC0415"
    ),
    # The policy in its place.
    "the policy after the imports": Mistake(
        f"import asyncio\nimport sys\n\nimport sqlalchemy\n\n{ON_WINDOWS}", "TID251"
    ),
    "the policy first": Mistake(f"import asyncio\nimport sys\n\n{ON_WINDOWS}", "TID251"),
    "the policy in a function": Mistake(
        f"import asyncio\n\n\ndef main() -> None:\n    {SET}\n", "TID251"
    ),
    "the policy without the platform": Mistake(f"import asyncio\n\n{SET}\n", "TID251"),
    "the policy in a try": Mistake(
        f"import asyncio\n\ntry:\n    {SET}\nexcept AttributeError:\n    raise\n", "TID251"
    ),
    "the policy by another name": Mistake(
        "from asyncio import set_event_loop_policy as use\n\nuse(None)\n", "TID251"
    ),
    "the policy's class assigned": Mistake(
        "import asyncio\n\nPolicy = asyncio.WindowsSelectorEventLoopPolicy\n", "TID251"
    ),
    "the policy after the header": Mistake(
        f"{HEADER}import asyncio\nimport sys\n\n{ON_WINDOWS}", "TID251", test=False
    ),
    "the policy for tests": Mistake(
        f"{HEADER}import asyncio\n\nimport pytest\n\n\n@pytest.fixture\n"
        "def event_loop_policy():\n    return asyncio.WindowsSelectorEventLoopPolicy()\n",
        "TID251",
        test=False,
        place="tests/api/conftest.py",
    ),
    # Not at all.
    "a script": Mistake("from app.companies.model import Company\n\nprint(Company)\n", ""),
    "a script elsewhere": Mistake(
        "import sqlalchemy\n\nif __name__ == '__main__':\n    print(sqlalchemy)\n",
        "",
        place="tools/jobs/nightly.py",
    ),
    "a program": Mistake("import sqlalchemy\n\nprint(sqlalchemy)\n", "", place="app/__main__.py"),
    "an application": Mistake(
        "from app.main import create_app\n\napp = create_app()\n", "", place="app/asgi.py"
    ),
    "an application with a type": Mistake(
        "from app.main import create_app\n\napplication: object = create_app()\n",
        "",
        place="wsgi.py",
    ),
    "pytest's start": Mistake("import pytest\n\nprint(pytest)\n", "", place="conftest.py"),
    "Alembic's start": Mistake(
        "from alembic import context\n\nprint(context)\n", "", place="migrations/env.py"
    ),
    "what comes before the header": Mistake(
        "from app.companies.model import Company\n\n__all__ = ['Company']\n",
        "",
        place="app/__init__.py",
    ),
}

LOOPS = {
    "asyncio.run(main())": "import asyncio",
    "go(main())": "from asyncio import run as go",
    "aio.run(main())": "import asyncio as aio",
    "asyncio.Runner()": "import asyncio",
    "asyncio.new_event_loop().run_until_complete(main())": "import asyncio",
    "asyncio.get_event_loop().run_until_complete(main())": "import asyncio",
    "asyncio.get_event_loop_policy().new_event_loop()": "import asyncio",
    "asyncio.ProactorEventLoop().run_forever()": "import asyncio",
    "anyio.run(main)": "import anyio",
    "uvloop.run(main())": "import uvloop",
    "nest_asyncio.apply()": "import nest_asyncio",
}
LAUNCHERS = {
    "uvicorn": ("import uvicorn", "uvicorn.run('app.main:app')"),
    "hypercorn": ("from hypercorn.run import run as go", "go(config)"),
    "granian": ("from granian import Granian", "Granian('app.main:app').serve()"),
}
SWALLOWED = {
    "pass": "    except RuntimeError:\n        pass\n",
    "log": "    except RuntimeError as error:\n        log.error(error)\n",
    "return": "    except (RuntimeError, OSError):\n        return\n",
}
NO_MISTAKES = {
    "scripts/words.py": "import json\n\nprint(json.dumps('x'))\n",
    "scripts/reports/__init__.py": "from app.companies.model import Company\n",
    "app/queries.py": "from sqlalchemy import select\n\nquery = select(1)\n",
    "app/names.py": "import logging\n\nlogger = logging.getLogger(__name__)\n",
    "tests/test_mine.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    ".venv/bin/x.py": "import rich\n\nif __name__ == '__main__':\n    print(rich)\n",
    "node_modules/gyp/gyp.py": "import gyp\n\nif __name__ == '__main__':\n    gyp.main()\n",
    "scripts/good.py": f"from __future__ import annotations\n\n{HEADER}import sqlalchemy\n",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that renders a project with a server, once."""
    known: dict[str, Path] = {}

    def get(server: str) -> Path:
        if server not in known:
            known[server] = bake(tmp_path_factory.mktemp(server), server=server)
        return known[server]

    return get


@pytest.fixture
def project(rendered: Callable[[str], Path]) -> Path:
    """Return a project."""
    return rendered("uvicorn")


@pytest.fixture
def write() -> Iterator[Callable[[Path, str], Path]]:
    """Return a function that writes a file, for as long as the test takes."""
    before: dict[Path, str | None] = {}

    def put(path: Path, text: str) -> Path:
        before[path] = path.read_text(encoding="utf-8") if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    yield put
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")


def of_ruff(project: Path, path: Path) -> set[str]:
    """Return the codes of what the project's ruff finds in a file."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json"]
    done = subprocess.run(
        [*command, str(path)], cwd=project, capture_output=True, check=False, encoding="utf-8"
    )
    return {finding["code"] for finding in json.loads(done.stdout)}


def of_its_test(project: Path) -> str:
    """Return what the project's own test says, or "" if it passes."""
    test = runpy.run_path(str(project / "tests" / "test_policy_header.py"))
    try:
        test["test_entry_points_begin_with_the_event_loop"]()
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("form", MISTAKES)
def test_a_header_that_is_wrong(
    form: str, project: Path, write: Callable[[Path, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    mistake = MISTAKES[form]
    path = write(project / mistake.place, mistake.code)
    if mistake.ruff:
        assert mistake.ruff in of_ruff(project, path)
    said = of_its_test(project)
    if mistake.test:
        assert said.startswith(f"{Path(mistake.place)} is an entry point: its first import must be")
        assert "\n" not in said
    else:
        assert said == ""
    assert main([str(path)]) == 1, "the package knows less than the project"
    capsys.readouterr()


@pytest.mark.parametrize("call", LOOPS)
def test_a_loop_that_bypasses_the_header(
    call: str, project: Path, write: Callable[[Path, str], Path]
) -> None:
    path = write(project / REPORT, f"{HEADER}{LOOPS[call]}\n{MAIN}{call}\n")
    assert "TID251" in of_ruff(project, path)
    assert main([str(path)]) == 1


@pytest.mark.parametrize("server", LAUNCHERS)
def test_the_server_s_own_launcher(
    server: str, rendered: Callable[[str], Path], write: Callable[[Path, str], Path]
) -> None:
    imported, call = LAUNCHERS[server]
    path = write(rendered(server) / REPORT, f"{HEADER}{imported}\n{MAIN}{call}\n")
    assert "TID251" in of_ruff(rendered(server), path)
    assert main([str(path)]) == 1


@pytest.mark.parametrize("form", SWALLOWED)
def test_only_the_package_finds_errors_that_are_swallowed(
    form: str,
    project: Path,
    write: Callable[[Path, str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(project / REPORT, QUERY + SWALLOWED[form])
    assert of_its_test(project) == ""
    assert main([str(path)]) == 1
    assert ": EL007 " in capsys.readouterr().out


@pytest.mark.parametrize("place", NO_MISTAKES)
def test_what_needs_no_header(
    place: str, project: Path, write: Callable[[Path, str], Path]
) -> None:
    write(project / place, NO_MISTAKES[place])
    assert of_its_test(project) == ""


@pytest.mark.projects
@pytest.mark.xdist_group("-".join((choices("driver")[0], choices("framework")[0])))
def test_its_owner_reads_one_sentence(developed: Callable[..., Project], tmp_path: Path) -> None:
    project = Copy.of(developed((choices("driver")[0], choices("framework")[0])), tmp_path)
    (project.path / REPORT).write_text("import asyncpg\n\nprint(asyncpg)\n", encoding="utf-8")
    done = project.run(project.python, "-m", "pytest", "-q", "tests/test_policy_header.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"AssertionError: {Path(REPORT)} is an entry point: its first import" in done.stdout


def test_what_is_fixed_is_finished(tmp_path: Path) -> None:
    """What ruff, with a project's own rules, has nothing to add to."""
    project = bake(tmp_path)
    files = {
        "a": '"""Doc."""\n\nimport anyio\n\nprint(anyio)\n',
        "b": "import anyio\n\nprint(anyio)\n",
        "c": '"""Doc."""\n\n\ndef main() -> None:\n    """Do it."""\n',
        "d": "def main() -> None:\n    pass\n",
        "e": '#!/usr/bin/env python\n# Licence.\n\nimport sys\n\nprint(sys.argv, "anyio")\n',
        "f": '"""Doc."""\n\nfrom __future__ import annotations\n\nimport sys\n\nsys.exit()\n',
        "g": '"""Doc."""\n',
        "h": '"""Doc."""\n\nimport sys\n\nfrom app.event_loop import run\n\nrun(sys)\n',
    }
    for name, text in files.items():
        file = project / "planted" / name / "conftest.py"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    assert main(["--fix", str(project)]) == 0
    for name in files:
        text = (project / "planted" / name / "conftest.py").read_text("utf-8")
        assert ("app.event_loop as _event_loop" in text) == (name != "h"), text
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["check", "--select=I,E,W,F,RUF"]
    for command in ([*ruff, "format", "--diff"], [*ruff, *rules]):
        done = subprocess.run(
            [*command, "--no-cache", "planted"],
            cwd=project,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout
