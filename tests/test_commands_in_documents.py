"""Commands in documents and messages can be pasted into sh, cmd and PowerShell as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.bake import TEMPLATE, bake
from support.projects import PATIENCE
from support.windows.cells import LAUNCHER, NEEDS

PROGRAMS = {
    *("alembic", "cookiecutter", "cruft", "docker", "pip", "pipx", "py", "pytest", "python"),
    *("copier", "policy-header", "prek", "project-update", "python3", "ruff", "uv", "uvx"),
}
"""What a command begins with."""
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<lines>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
SETTING = re.compile(r"\w+=\S*")
PASTED_ALIKE = re.compile(r'([\w ./:=+\[\]…-]|"[\w ./:=+\[\]…-]+")*')
"""What cmd, PowerShell and sh read alike: no comment, variable, redirection or single quote."""
RECIPES = ("docs/cookbook/*.md", "docs/deployment/*.md")
DOCUMENTS = sorted(
    [
        path
        for pattern in ("*.md", "docs/*.md", *RECIPES, "packages/*/*.md")
        for path in TEMPLATE.glob(pattern)
    ]
)
RENDERS = [("asyncpg", "fastapi"), ("asyncmy", "none"), ("aiosqlite", "sanic")]


@dataclass(frozen=True)
class Command:
    """A command and the file that names it."""

    where: str
    line: str

    @property
    def typed(self) -> str:
        """The line with something for what is left out."""
        return self.line.replace("…", "something")

    @property
    def arguments(self) -> list[str]:
        """What the program is to get."""
        words = re.findall(r'"[^"]*"|\S+', self.typed)
        return [word.strip('"') for word in words]


def is_command(line: str) -> bool:
    """Tell whether a line begins with a program, after settings in the manner of sh perhaps."""
    words = [word for word in line.split() if not SETTING.fullmatch(word)]
    return bool(words) and words[0] in PROGRAMS


def is_read_alike(line: str) -> bool:
    """Tell whether cmd, PowerShell and sh run the same program with the same arguments."""
    first, *_ = line.split()
    return bool(PASTED_ALIKE.fullmatch(line)) and not SETTING.fullmatch(first)


def commands_in(path: Path, root: Path) -> Iterator[Command]:
    """Yield what is in blocks without a language and in backquotes."""
    text = path.read_text(encoding="utf-8")
    where = str(path.relative_to(root))
    for block in FENCE.finditer(text):
        if not block["language"]:
            lines = [line.strip() for line in block["lines"].splitlines() if line.strip()]
            assert len({is_command(line) for line in lines}) == 1, f"{where}: {block[0]}"
            yield from (Command(where, line) for line in lines if is_command(line))
    spans = FENCE.sub("", text)
    yield from (
        Command(where, span) for span in SPAN.findall(spans) if " " in span and is_command(span)
    )


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[Command]:
    """Return the commands that documents, messages and comments name, each once."""
    found = [it for path in [*DOCUMENTS, TEMPLATE / "try.py"] for it in commands_in(path, TEMPLATE)]
    for driver, framework in RENDERS:
        project = bake(tmp_path_factory.mktemp("render"), driver=driver, framework=framework)
        for path in sorted(project.rglob("*")):
            if path.suffix in {".py", ".md", ".toml", ".yaml", ".example", ".ini", ".mako"}:
                found += commands_in(path, project)
    return list({it.line: it for it in found}.values())


def test_each_is_read_alike_by_every_shell(commands: list[Command]) -> None:
    assert len(commands) > 30
    assert not [it for it in commands if not is_read_alike(it.line)]


def test_what_shells_read_differently_is_noticed() -> None:
    for line in (
        "uvx cruft create gh:ORG/REPO  # and updates later",
        "uv run python -m app jobs add import_companies - < companies.json",
        """cruft update --variables-to-update '{"driver": "aiosqlite"}'""",
        "SOAK_SECONDS=60 python3 try.py test",
        "uv sync && uv run python -m app dev",
        "uv sync; uv run python -m app dev",
        "python %USERPROFILE%.py",
    ):
        assert is_command(line), line
        assert not is_read_alike(line), line


def test_windows_has_the_quick_start_in_its_own_words() -> None:
    """Its Python is `py`, or `python`; `python3` may open a shop."""
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    blocks = [block["lines"] for block in FENCE.finditer(readme)]
    assert blocks[1] == blocks[0].replace("python3", "py")


RECORD = """\
import json, os, sys
with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def recorded(path: Path) -> list[list[str]]:
    """Return the program and the arguments of each command that was run."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
def test_sh_passes_on_what_is_meant(commands: list[Command], tmp_path: Path) -> None:
    (tmp_path / "record.py").write_text(RECORD, encoding="utf-8")
    for program in PROGRAMS:
        script = tmp_path / program
        script.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/record.py" {program} "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    (tmp_path / "all.sh").write_text("\n".join(it.typed for it in commands), encoding="utf-8")
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    env |= {"RECORD": str(tmp_path / "argv.txt")}
    subprocess.run(["/bin/sh", "-eu", "all.sh"], cwd=tmp_path, env=env, check=True, timeout=300)
    assert recorded(tmp_path / "argv.txt") == [it.arguments for it in commands]


@pytest.mark.windows
@pytest.mark.skipif(sys.platform != "win32" and not LAUNCHER, reason=NEEDS)
def test_cmd_passes_on_what_is_meant(commands: list[Command]) -> None:
    """PowerShell is not tried: there is none for Wine."""
    *wine, python = LAUNCHER or [sys.executable]
    with tempfile.TemporaryDirectory(dir=os.environ.get("WINDOWS_FOLDER")) as name:
        folder = Path(name)
        (folder / "record.py").write_text(RECORD, encoding="utf-8")
        for program in PROGRAMS:
            script = f'@"{python}" "%~dp0record.py" {program} %*\n'
            (folder / f"{program}.bat").write_text(script, encoding="utf-8")
        # Without `call` a script does not come back from another one.
        lines = "\n".join(f"@call {it.typed}" for it in commands)
        (folder / "all.bat").write_text(lines, encoding="ascii", newline="\r\n")
        subprocess.run(
            [*wine, "cmd", "/d", "/c", "all.bat"],
            cwd=folder,
            env=os.environ | {"RECORD": "argv.txt"},
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=PATIENCE,
        )
        assert recorded(folder / "argv.txt") == [it.arguments for it in commands]
