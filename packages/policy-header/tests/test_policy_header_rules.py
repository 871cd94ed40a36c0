"""The rules: idioms, and files of all sorts."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_header.checker import check

SET = "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"
TOP = "import asyncio, os, platform, sys\n"
FOR_OTHERS = "asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())"
ON_WINDOWS = f'if sys.platform == "win32":\n    {SET}\n'


def codes(source: str | bytes, path: str = "module.py", module: str | None = None) -> list[str]:
    """Return the codes of the findings in `source`."""
    data = source.encode() if isinstance(source, str) else source
    return [finding.code for finding in check(Path(path), data, module)]


@pytest.fixture
def code_base(tmp_path: Path) -> Path:
    """Return the folder of a code base with a header module."""
    write(tmp_path / "app" / "__init__.py", "")
    write(tmp_path / "app" / "event_loop.py", f"import asyncio, sys\nimport uvloop\n{ON_WINDOWS}")
    return tmp_path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the tests in a code base that has a driver."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    write(tmp_path / "db.py", "import asyncpg\nasync def query(): ...\n")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "test",
    [
        'if sys.platform == "win32":',
        'if "win32" == sys.platform:',
        'if sys.platform in ("win32", "cygwin"):',
        'if sys.platform.startswith("win"):',
        'if sys.platform.lower().startswith("win"):',
        'if os.name == "nt":',
        'if platform.system() == "Windows":',
        'if platform.system().lower() == "windows":',
        'if sys.platform == "win32" and sys.version_info >= (3, 8):',
        "if IS_WINDOWS:",
        "if is_windows():",
        'if hasattr(asyncio, "WindowsSelectorEventLoopPolicy"):',
        'if not sys.platform != "win32":',
    ],
)
def test_tests_of_the_platform_are_known(test: str) -> None:
    assert codes(f"{TOP}{test}\n    {SET}\n") == []


@pytest.mark.parametrize(
    "source",
    [
        f"{SET}\n",
        f'if sys.platform != "win32":\n    {SET}\n',
        f'if sys.platform == "linux":\n    {SET}\n',
        f'if "win" in sys.platform:\n    {SET}\n',  # true of "darwin"
        f'if sys.platform == "win32" or DEBUG:\n    {SET}\n',
        f"try:\n    {SET}\nexcept AttributeError:\n    print()\n",
        f'if sys.platform == "win32":\n    pass\nelse:\n    {SET}\n',
    ],
)
def test_a_policy_without_such_a_test_is_found(source: str) -> None:
    assert codes(f"{TOP}{source}") == ["EL004"]


@pytest.mark.parametrize(
    "source",
    [
        f'if sys.platform != "win32":\n    pass\nelse:\n    {SET}\n',
        f'sys.platform == "win32" and {SET}\n',
        f'sys.platform != "win32" or {SET}\n',
        f'{SET} if os.name == "nt" else None\n',
        f'with open("x"):\n    if os.name == "nt":\n        {SET}\n',
    ],
)
def test_a_test_may_stand_elsewhere(source: str) -> None:
    assert codes(f"{TOP}{source}") == []


def test_a_function_may_leave_early_but_is_no_place_for_the_header() -> None:
    source = f'{TOP}def install():\n    if sys.platform != "win32":\n        return\n    {SET}\n'
    assert codes(source) == ["EL003"]
    assert codes(source.replace('!= "win32"', '== "linux"')) == ["EL003", "EL004"]


@pytest.mark.parametrize(
    "source",
    [
        f"from asyncio import WindowsSelectorEventLoopPolicy as P\nimport sys\n{ON_WINDOWS}",
        f"import asyncio as aio\nimport sys\n{ON_WINDOWS}".replace("asyncio.", "aio.").replace(
            'if sys.platform == "win32"', "if True"
        ),
    ],
)
def test_other_names_for_the_same_are_understood(source: str) -> None:
    assert codes(source) == ["EL004"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{TOP}{ON_WINDOWS}{ON_WINDOWS}", ["EL005"]),
        (f"{TOP}if os.name == 'nt':\n    if X:\n        {SET}\n    else:\n        {SET}\n", []),
        (f"{TOP}import uvloop\n{ON_WINDOWS}else:\n    uvloop.install()\n", ["EL002"]),
        (
            f"{TOP}{ON_WINDOWS}else:\n    import uvloop\n    {FOR_OTHERS}\n",
            [],
        ),
        (f"{TOP}{ON_WINDOWS}asyncio.set_event_loop_policy(None)\n", []),
    ],
)
def test_what_sets_the_policy_twice(source: str, expected: list[str]) -> None:
    assert codes(source) == expected


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("conftest.py", ""),
        ("migrations/env.py", "from alembic import context\n"),
        ("run.py", "import db\nif __name__ == '__main__':\n    main()\n"),
        ("pkg/__main__.py", "import anyio\n"),
        ("scripts/seed.py", "import db\n"),
        ("jobs.py", "from asyncio import run as go\ndef job():\n    go(main())\n"),
        ("jobs.py", "import asyncio\nwith asyncio.Runner() as runner:\n    runner.run(main())\n"),
        ("jobs.py", "import anyio\nanyio.run(main)\n"),
        ("web.py", "from fastapi import FastAPI\napi = FastAPI()\n"),
        ("web.py", "from x import make\napp: object = make()\n"),
        ("web.py", "from x import make\ntry:\n    app = make()\nexcept E:\n    app = None\n"),
        ("web.py", "async def app(scope, receive, send): ...\n"),
        ("wsgi.py", "def application(environ, start_response): ...\n"),
        ("test_x.py", "import db\nif __name__ == '__main__':\n    main()\n"),
    ],
)
def test_entry_points_are_recognised(path: str, source: str) -> None:
    assert codes(source, path)[:1] == ["EL001"]
    with_header = f"from app.event_loop import run\n{source}"
    assert "EL001" not in codes(with_header, path)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("env.py", "import os\n"),
        ("jobs.py", "def run(main): ...\nrun(main())\n"),
        ("models.py", "class Meta:\n    app = make()\n"),
        ("models.py", "def f():\n    app = make()\n"),
        ("test_x.py", "from fastapi import FastAPI\nimport asyncio\napp = FastAPI()\n"),
        ("test_x.py", "import asyncio\ndef test():\n    asyncio.run(main())\n"),
        ("scripts/__init__.py", "import rich\n"),
        ("scripts/words.py", "import json\n"),
        ("scripts/words.py", "import rich\n"),
        ("server.py", "import uvicorn\ndef serve():\n    uvicorn.run('x:y', loop=FACTORY)\n"),
    ],
)
def test_other_files_are_not(path: str, source: str) -> None:
    assert codes(source, path) == []


@pytest.mark.parametrize(("imported", "expected"), [("json", []), ("asyncpg", ["EL001"])])
def test_what_a_script_imports_of_its_own_is_followed(
    code_base: Path, imported: str, expected: list[str]
) -> None:
    write(code_base / "tools" / "y.py", "from . import z\n")
    write(code_base / "tools" / "z.py", f"import {imported}\n")
    assert codes("import tools.y\nif __name__ == '__main__': ...\n", "tools/x.py") == expected


def test_where_every_script_has_the_header_one_that_lacks_it_is_found(code_base: Path) -> None:
    script = str(code_base / "scripts" / "words.py")
    assert codes("import rich\n", script) == ["EL001"]
    assert codes("import json\n", script) == []


HEADER_FORMS = [
    "from app.event_loop import run",
    "import app.event_loop",
    "import app.event_loop as loops, sqlalchemy",
    "from app import event_loop",
    "from .event_loop import run",
    "from . import event_loop",
    "try:\n    import app.event_loop\nexcept ImportError:\n    raise",
]


@pytest.mark.parametrize("header", HEADER_FORMS)
def test_forms_of_the_header_import(code_base: Path, header: str) -> None:
    path = str(code_base / "app" / "main.py")
    rest = "import sqlalchemy\napp = make()\n"
    future = '"""Doc."""\nfrom __future__ import annotations\n'
    assert codes(f"{future}{header}\n{rest}", path) == []
    assert codes(f"import os\n{header}\n{rest}", path) == ["EL002"]
    typing = "from typing import TYPE_CHECKING\n"
    assert codes(f"{header}\n{typing}if TYPE_CHECKING:\n    import x\n{rest}", path) == []


@pytest.mark.parametrize(
    "header",
    [
        "from app import config, event_loop",
        "import sqlalchemy, app.event_loop",
        "from app.event_loops import run\nfrom app.event_loop import run",
    ],
)
def test_a_header_behind_others_is_late(code_base: Path, header: str) -> None:
    assert codes(f"{header}\napp = make()\n", str(code_base / "app" / "main.py")) == ["EL002"]


def test_a_header_for_types_only_is_none(code_base: Path) -> None:
    source = "import typing\nif typing.TYPE_CHECKING:\n    import app.event_loop\napp = make()\n"
    assert codes(source, str(code_base / "main.py")) == ["EL001"]


def test_a_late_header_says_which_database_module_came_first(code_base: Path) -> None:
    write(code_base / "app" / "models.py", "from app.base import Base\n")
    write(code_base / "app" / "base.py", "import sqlalchemy.orm\n")
    source = "import os\nfrom app.models import X\nfrom app.event_loop import run\napp = make()\n"
    (finding,) = check(code_base / "main.py", source.encode())
    assert finding.line == 3
    assert "after app.models.X (line 2), which loads sqlalchemy" in finding.message


def test_what_runs_before_the_header_must_begin_with_it(code_base: Path) -> None:
    package = code_base / "app" / "__init__.py"
    assert codes("from app.models import X\n", str(package)) == ["EL001"]
    assert codes("from .event_loop import run\nfrom app.models import X\n", str(package)) == []
    assert codes("import json\n", str(package)) == []


def test_the_policy_belongs_to_the_header_module(code_base: Path) -> None:
    header = code_base / "app" / "event_loop.py"
    assert codes(header.read_bytes(), str(header)) == []
    assert codes(f"{TOP}{ON_WINDOWS}", str(code_base / "app" / "db.py")) == ["EL005"]


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.run(main())",
        "asyncio.run(main(), loop_factory=None)",
        "asyncio.run(main(), loop_factory=asyncio.new_event_loop)",
        "asyncio.events.new_event_loop()",
        "uvicorn.run('x:y', loop='asyncio')",
        "anyio.run(main)",
    ],
)
def test_loops_that_bypass_the_factory(call: str) -> None:
    source = f"from app.event_loop import run\nimport asyncio, anyio, uvicorn\n{call}\n"
    assert codes(source, module="app.event_loop") == ["EL006"]


@pytest.mark.parametrize(
    ("bad", "advice", "good"),
    [
        ("asyncio.run(x())", "call app.event_loop.run ", "app.event_loop.run(x())"),
        ("uvloop.run(x())", "call app.event_loop.run ", "app.event_loop.run(x())"),
        ("anyio.run(x)", "call app.event_loop.run ", "app.event_loop.run(x())"),
        (
            "asyncio.Runner()",
            "give it app.event_loop.new_event_loop as loop_factory=",
            "asyncio.Runner(loop_factory=app.event_loop.new_event_loop)",
        ),
        (
            "web.run_app(x)",
            "give it app.event_loop.new_event_loop() as loop=",
            "web.run_app(x, loop=app.event_loop.new_event_loop())",
        ),
        (
            "uvicorn.run('x:y')",
            'give it "app.event_loop:new_event_loop" as loop=',
            "uvicorn.run('x:y', loop='app.event_loop:new_event_loop')",
        ),
    ],
)
def test_the_advice_can_be_followed_with_python_3_11(bad: str, advice: str, good: str) -> None:
    source = (
        "import app.event_loop\nimport anyio, asyncio, uvicorn, uvloop\nfrom aiohttp import web\n"
    )
    [finding] = check(Path("module.py"), f"{source}{bad}\n".encode(), "app.event_loop")
    assert advice in finding.message
    assert codes(f"{source}{good}\n", module="app.event_loop") == []


@pytest.mark.parametrize(
    "call",
    [
        "run(main())",
        "asyncio.run(main(), loop_factory=make)",
        "asyncio.run(main(), **options)",
        "asyncio.get_running_loop()",
        "uvicorn.run('x:y', loop='app.event_loop:new_event_loop')",
    ],
)
def test_loops_that_do_not(call: str) -> None:
    source = f"from app.event_loop import run\nimport asyncio, anyio, uvicorn\n{call}\n"
    assert codes(source, module="app.event_loop") == []


@pytest.mark.parametrize(
    ("body", "handler", "expected"),
    [
        ("loop.run_until_complete(x)", "except RuntimeError:\n    pass", ["EL007"]),
        ("loop.run_forever()", "except (ValueError, RuntimeError):\n    ...", ["EL007"]),
        ("loop.close()", "except Exception:\n    pass", ["EL007"]),
        ("asyncio.get_event_loop()", "except:\n    pass", ["EL007"]),
        (SET, "except RuntimeError as error:\n    pass", ["EL003", "EL004", "EL007"]),
        ("asyncio.get_running_loop()", "except RuntimeError:\n    pass", []),
        ("loop.run_until_complete(x)", "except RuntimeError:\n    raise", []),
        ("loop.run_until_complete(x)", "except ValueError:\n    pass", []),
        ("file.close()", "except RuntimeError:\n    pass", []),
    ],
)
def test_swallowed_errors(body: str, handler: str, expected: list[str]) -> None:
    lines = ["import asyncio", "def f():", "    try:", f"        {body}"]
    lines += [f"    {line}" for line in handler.split("\n")]
    assert sorted(codes("\n".join(lines))) == expected


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# noqa: EL001", []),
        ("# noqa:E402,el001  its reason", []),
        ("# noqa: F401 EL001", []),
        ("# noqa", ["EL001"]),
        ("# noqa: EL002", ["EL001"]),
    ],
)
def test_a_line_can_be_excepted_with_the_code(comment: str, expected: list[str]) -> None:
    assert codes(f'"""Doc\x0c\x1c\u2028."""\nimport rich  {comment}\n', "conftest.py") == expected


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"print 'Python 2'\n", 1),
        (b"x = 1\n\nexcept ValueError, e:\n", 3),
        (b"x = 1\n\x00\n", 1),
        (b"# -*- coding: klingon -*-\n", 1),
        (b"x = 1\ny = '\xff'\n", 1),
        (b"(" * 10_000, 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1),
        (b"x = " + b"-" * 100_000 + b"1\n", 1),
    ],
)
def test_what_is_not_python_3_is_one_finding(data: bytes, line: int) -> None:
    (finding,) = check(Path("x.py"), data)
    assert (finding.code, finding.path) == ("EL000", Path("x.py"))
    assert finding.line == line or finding.line in {1, 2}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfimport rich\r\n",
        b"\x0cimport rich\r",
        b"# -*- coding: latin-1 -*-\nimport rich  # \xe9\n",
        b'import rich\n"\\d"\n',
    ],
)
def test_files_of_all_sorts_are_read(data: bytes) -> None:
    assert codes(data, "conftest.py") == ["EL001"]
