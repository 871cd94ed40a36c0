"""The command `policy-header`: paths, URLs, exit codes; it runs nothing of what it reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from policy_header.command import main

PACKAGE = Path(__file__).parents[1]
PROGRAM = shutil.which("policy-header", path=sysconfig.get_path("scripts"))
MODULE = [sys.executable, "-P", "-m", "policy_header"]
JOB = "import asyncio, asyncpg\nasync def main(): ...\nasyncio.run(main())\n"
TRAP = "from pathlib import Path\nPath({!r}).touch()\nraise SystemExit('code of the base ran')\n"


@pytest.fixture
def code_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a code base that has a driver, as the working directory."""
    place = tmp_path / "base"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "pyproject.toml").touch()
    write(place / "db.py", "import asyncpg\nasync def query(): ...\n")
    return place


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    command = ["git", *identity, "-c", "init.defaultBranch=main", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> str:
    """Commit the files in `folder`, and return its URL."""
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "--message=x")
    return folder.as_uri()


def run(*command: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, check=False, timeout=60
    )


def test_it_is_a_program(code_base: Path) -> None:
    assert PROGRAM
    write(code_base / "→ schlüssel.py", JOB)
    # A console of Windows has no arrow.
    done = run(PROGRAM, "→ schlüssel.py", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"\\u2192 schl\xfcssel.py:1: EL001 this file calls asyncio.run()")
    assert run(PROGRAM, "db.py").returncode == 0
    assert run(*MODULE, "db.py").returncode == 0


def test_findings_are_sorted_and_each_is_told_once(
    code_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    for name in ("b.py", "a.py"):
        write(code_base / "z" / name, f"{JOB}import uvicorn\nuvicorn.run(x)\n")
    assert main([]) == main([".", "z", str(code_base / "z" / "a.py")]) == 1
    lines = capsys.readouterr().out.splitlines()
    places = [" ".join(line.replace("\\", "/").split()[:2]) for line in lines]
    found = ["z/a.py:1: EL001", "z/a.py:5: EL006", "z/b.py:1: EL001", "z/b.py:5: EL006"]
    assert places == [*found, *found]


@pytest.mark.parametrize("wrong", [["--module", "not a module"], ["--what"]])
def test_a_wrong_option_is_told(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert "policy-header: error: " in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["nowhere", "gh:owner/name", "ftp://example.com/x.git", "C:\\no"])
def test_what_is_no_path_and_no_url_is_one_sentence(
    wrong: str, code_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(code_base / "conftest.py", "")
    assert main([wrong, "conftest.py"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        f"policy-header: {Path(wrong)}: there is no such file or folder, "
        "and it is no URL of a git repository\n"
    )
    assert captured.out.startswith("conftest.py:1: EL001 ")


def test_a_repository_is_checked_by_its_url(
    tmp_path: Path,
    code_base: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(code_base / "jobs" / "nightly.py", JOB)
    url = repository(code_base)
    write(code_base / "other.py", JOB)  # not committed
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert main([url, "jobs/nightly.py"]) == 1
    named, cloned = capsys.readouterr().out.replace("\\", "/").splitlines()
    assert named.startswith("jobs/nightly.py:1: EL001 ")
    assert cloned.startswith("base/jobs/nightly.py:1: EL001 ")
    assert not list(scratch.iterdir())
    write(code_base / "jobs" / "nightly.py", "")
    (code_base / "other.py").unlink()
    repository(code_base)
    assert main([url]) == 0


def test_a_url_that_leads_nowhere_is_one_sentence_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([(tmp_path / "nothing").as_uri()]) == 2
    assert main(["http://user:secret@127.0.0.1:9/x.git"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"policy-header: {(tmp_path / 'nothing').as_uri()}: ")
    assert second.startswith("policy-header: http://127.0.0.1:9/x.git: ")
    assert "secret" not in second


def test_a_copy_of_a_repository_is_not_fixed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fix", "https://example.com/x.git"]) == 2
    assert capsys.readouterr().err == (
        "policy-header: https://example.com/x.git: --fix changes files; "
        "clone it, and name the folder\n"
    )


def test_without_git_a_url_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["https://example.com/x.git"]) == 2
    assert "git is not on PATH" in capsys.readouterr().err


def test_nothing_of_the_code_base_is_run(tmp_path: Path, code_base: Path) -> None:
    assert PROGRAM
    trace = tmp_path / "trace"
    trap = TRAP.format(str(trace))
    for name in ("argparse", "ast", "conftest", "policy_header", "sitecustomize", "tokenize"):
        write(code_base / f"{name}.py", trap)
    write(code_base / "app" / "__init__.py", trap)
    write(code_base / "app" / "event_loop.py", trap)
    write(code_base / "setup.py", trap)
    write(code_base / "main.py", f"from app.event_loop import run\nimport asyncpg\n{trap}")
    for command in ([PROGRAM, "."], [*MODULE, "."], [PROGRAM, repository(code_base)]):
        done = run(*command)
        assert done.returncode == 1, done.stderr
        assert b"conftest.py:1: EL001 " in done.stdout
    assert not trace.exists()


def test_a_link_in_a_repository_does_not_lead_out_of_it(
    tmp_path: Path, code_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = write(tmp_path / "outside.py", JOB)
    try:
        (code_base / "link.py").symlink_to(outside)
    except OSError:
        pytest.skip("on Windows, to make a link is a privilege")
    main([repository(code_base)])
    assert "EL001" not in capsys.readouterr().out


def test_folders_that_hold_no_sources_are_skipped(
    code_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (".venv", ".tox", "build", "node_modules", "venv", "lib/site-packages"):
        write(code_base / folder / "conftest.py", "")
    write(code_base / "venv" / "pyvenv.cfg", "")
    write(code_base / "notes.ipynb", "{}")
    write(code_base / "stub.pyi", "import x, x.\n")
    (code_base / "folder.py").mkdir()
    try:
        (code_base / "loop").symlink_to(code_base, target_is_directory=True)
        (code_base / "broken.py").symlink_to(code_base / "nowhere.py")
    except OSError:  # on Windows, a privilege
        pass
    assert main([".", "notes.ipynb", "stub.pyi"]) == 0, capsys.readouterr().out
    assert main(["build"]) == 1


def test_a_folder_without_a_mark_is_a_code_base_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "db" / "queries.py", "import asyncpg\nasync def query(): ...\n")
    job = write(tmp_path / "jobs" / "nightly.py", "import asyncio\nasyncio.run(main())\n")
    assert main([str(tmp_path)]) == 1
    # Of a file alone it is not known what lies around it.
    assert main([str(job)]) == 0
    assert capsys.readouterr().out.count("EL001") == 1
    # But what it imports is.
    job = write(tmp_path / "db" / "job.py", "import asyncio, queries\nasyncio.run(main())\n")
    assert main([str(job)]) == 1


@pytest.mark.parametrize("package", ["asyncpg", "cookiecutter"])
def test_any_code_base_can_be_checked(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(sysconfig.get_path("purelib"), package)
    assert (folder / "__init__.py").is_file()
    assert main([str(folder)]) in {0, 1}
    assert "EL000" not in capsys.readouterr().out


def test_fix_needs_a_header_module(code_base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(code_base / "conftest.py", "import pytest\n")
    assert main(["--fix"]) == 1
    said = capsys.readouterr().err
    assert "only where the header module is found, as app/event_loop.py" in said
    assert said.count("\n") == 1
    assert file.read_bytes() == b"import pytest\n"
    write(code_base / "src" / "mine" / "loops.py", "")
    assert main(["--fix", "--module", "mine.loops"]) == 0
    assert b"import mine.loops as _event_loop" in file.read_bytes()


def test_the_rules_are_listed_alike() -> None:
    assert PROGRAM
    helped = run(PROGRAM, "--help").stdout.decode()
    told = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for number in range(8):
        assert f"EL00{number}: " in helped
        assert f"| EL00{number} |" in told


def test_its_types_are_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "src"],
        cwd=PACKAGE,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
