"""Updates by `packages/project-update`: what merges does, and what does not is said."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from support.bake import bake
from support.projects import find_uv
from support.repositories import commit, copy_template, insert, put_template, run, succeed

PROJECT = "{{cookiecutter.project_slug}}"
VERSIONS = "migrations/versions"
OURS = "# Ours.\n"
LATER = "# Later.\n"


def update(project: Path, *words: str) -> tuple[int, str]:
    """Run the tool in a project, and return its exit code and what it prints."""
    done = run(project, sys.executable, "-m", "project_update", *words)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def cruft(project: Path, *words: str) -> str:
    """Run cruft, which must succeed."""
    return succeed(project, sys.executable, "-m", "cruft", *words)


def files(project: Path) -> dict[str, bytes]:
    """Return the contents of a project's files but cruft's own, by their names."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and ".git" not in path.parts and path.name != ".cruft.json"
    }


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a repository of the template as it is in this working tree."""
    return copy_template(tmp_path / "template")


def create(template: Path, output: Path, **answers: str) -> Path:
    """Create a project with cruft, and commit it."""
    output.mkdir()
    options = ("--no-input", "--default-config", "--extra-context", json.dumps(answers))
    cruft(output, "create", str(template), *options)
    [project] = output.iterdir()
    put_into_git(project)
    return project


def put_into_git(project: Path) -> None:
    """Make a repository of a project, in which line ends stay what they are."""
    succeed(project, "git", "init", "--quiet", "--initial-branch=main")
    commit(project, "Created")


def assert_follows(project: Path) -> None:
    """Check that cruft sees a project of its newest version, also of what was recorded."""
    cruft(project, "check")
    assert "Nothing to do" in cruft(project, "update", "--skip-apply-ask")


def test_each_answer_gives_what_a_fresh_project_has(template: Path, tmp_path: Path) -> None:
    project = create(template, tmp_path / "work")
    insert(project / "app" / "settings.py", "", OURS)
    commit(project, "Ours")
    answers: dict[str, str] = {}
    for number, changed in enumerate(
        (
            {"driver": "aiosqlite"},
            {"framework": "none"},
            {"jobs": "yes"},
            {"framework": "litestar", "server": "granian"},
            {"driver": "asyncmy", "sync_engine": "yes", "local_database": "no"},
            {"description": 'Sells "all" it has.', "license": "none"},
        )
    ):
        code, said = update(project, *(f"{name}={value}" for name, value in changed.items()))
        assert code == 0, said
        answers |= changed
        fresh = files(bake(tmp_path / f"fresh-{number}", **answers))
        fresh["app/settings.py"] += OURS.encode()
        assert files(project) == fresh, changed
        commit(project, f"Changed {' and '.join(changed)}")
    assert_follows(project)
    assert "Nothing to do" in update(project)[1]


def test_what_is_edited_in_a_removed_file_spoils_nothing(template: Path, tmp_path: Path) -> None:
    """Cruft would reject the whole update, and call it good work."""
    project = create(template, tmp_path / "work")
    insert(project / "app" / "main.py", "", OURS)
    commit(project, "Ours")
    code, said = update(project, "framework=none")
    assert code == 1
    assert "app/main.py is no file of the template any more, but you had changed it" in said
    after = files(project)
    assert after.pop("app/main.py").endswith(OURS.encode())
    assert after == files(bake(tmp_path / "fresh", framework="none"))
    succeed(project, "git", "rm", "--quiet", "--force", "app/main.py")
    commit(project, "Decided")
    assert_follows(project)


def test_all_that_two_sides_can_do_to_a_file(  # noqa: PLR0915  one merge, many files
    template: Path, tmp_path: Path
) -> None:
    """A later version of the template meets what an owner did; line ends are Windows' in one."""
    names = ("both", "crlf", "edited", "gone", "lost", "moved", "picture.bin", "same", "theirs")
    for name in names:
        (template / PROJECT / name).write_bytes(
            b"".join(f"{name} {it}\n".encode() for it in range(20))
        )
    commit(template, "Files")
    project = create(template, tmp_path / "work")

    def change(folder: Path, name: str, line: int, text: bytes, end: bytes = b"\n") -> None:
        lines = (folder / name).read_bytes().splitlines()
        lines[line] = text
        (folder / name).write_bytes(end.join([*lines, b""]))

    for name, line in (("both", 3), ("edited", 2), ("moved", 2), ("same", 5)):
        change(project, name, line, b"same" if name == "same" else b"ours")
    (project / ".gitattributes").write_text("crlf -text\n", encoding="utf-8")
    change(project, "crlf", 2, b"ours", b"\r\n")
    (project / "lost").unlink()
    (project / "new").write_bytes(b"one\nours\nthree\n")
    (project / "picture.bin").write_bytes(b"\0ours")
    commit(project, "Ours")

    changed = template / PROJECT
    for name, line in (("both", 3), ("crlf", 15), ("lost", 3), ("same", 5), ("theirs", 3)):
        change(changed, name, line, b"same" if name == "same" else b"later")
    (changed / "edited").unlink()
    (changed / "gone").unlink()
    (changed / "moved").rename(changed / "moved_on")
    (changed / "new").write_bytes(b"one\nlater\nthree\n")
    (changed / "picture.bin").write_bytes(b"\0later")
    (changed / "program").write_bytes(b"it runs\n")
    (changed / "program").chmod(0o755)
    commit(template, "Later")

    dry = update(project, "--dry-run")
    assert not succeed(project, "git", "status", "--porcelain")
    code, said = update(project)
    assert code == dry[0] == 1
    for sentence in (
        *("both has changes of yours and", "edited is no file of the template any more, but"),
        *("lost has changed in the template, and you", "new is yours and comes from the template"),
        *("picture.bin has changes of yours", "your changes moved along: moved -> moved_on"),
        *("both has conflict marks", "new has conflict marks"),
    ):
        assert sentence in said, said
        assert sentence in dry[1]
    after = files(project)
    assert after["both"].count(b"<<<<<<<") == after["new"].count(b"<<<<<<<") == 1
    assert after["crlf"].count(b"\r\n") == 20
    assert b"ours" in after["crlf"]
    assert b"later" in after["crlf"]
    assert b"ours" in after["edited"]
    assert {"gone", "lost", "moved"}.isdisjoint(after)
    assert b"ours" in after["moved_on"]
    assert after["picture.bin"] == b"\0ours"
    assert b"same" in after["same"]
    assert b"later" in after["theirs"]
    if os.name == "posix":
        assert (project / "program").stat().st_mode & 0o111
    # Git does not let it be committed by mistake, and the tool says so for as long as it is left.
    assert run(project, "git", "commit", "--message=All").returncode != 0
    assert update(project, "--check")[0] == 1
    assert update(project)[0] == 1
    succeed(project, "git", "checkout", "--theirs", "both", "new", "picture.bin")
    commit(project, "Decided")
    assert update(project, "--check") == (0, "")
    assert_follows(project)


def test_what_can_not_be_done_is_refused_and_changes_nothing(
    template: Path, tmp_path: Path
) -> None:
    project = create(template, tmp_path / "work")
    plain = bake(tmp_path / "plain")

    def refuses(sentence: str, *words: str, folder: Path = project) -> None:
        before = files(folder), run(folder, "git", "status", "--porcelain", "--ignored").stdout
        code, said = update(folder, *words)
        assert code == 1
        assert sentence in said, said
        assert len(said.splitlines()) == 1, said
        status = run(folder, "git", "status", "--porcelain", "--ignored").stdout
        assert (files(folder), status) == before

    for word, sentence in {
        "psycopg": "'psycopg' is not an answer: write NAME=VALUE, as in driver=psycopg.",
        "drvier=psycopg": "'drvier' is not asked by the template; take one of project_name, ",
        "driver=oracle": "driver 'oracle' is not a choice; take one of asyncpg, ",
        "_drivers=x": "'_drivers' is not asked by the template",
        "project_slug=con": "project_slug 'con' is a device on Windows, ",
        "description={{ 1 }}": "description '{{ 1 }}' holds '{{', a mark of the template language",
        "description= ": "description ' ' is empty",
    }.items():
        refuses(sentence, word)
    refuses("server 'granian' is for the ASGI frameworks", "server=granian", "framework=none")
    refuses("The template has no commit 'v99'", "--checkout=v99")
    refuses("is in no git repository", folder=plain)
    put_into_git(plain)
    refuses("has no .cruft.json, which names its template: add --template", folder=plain)

    (plain / ".copier-answers.yml").write_text("_commit: v1.0.0\n", encoding="utf-8")
    refuses("is a project of copier's", f"--template={template}", folder=plain)

    (project / "app" / "worker.py").write_text(OURS, encoding="utf-8")
    refuses("would overwrite files that are not in git (app/worker.py)", "jobs=yes")
    (project / ".git" / "info" / "exclude").write_text("worker.py\n", encoding="utf-8")
    refuses("would overwrite files that are not in git (app/worker.py)", "jobs=yes")
    (project / "app" / "worker.py").unlink()
    insert(project / "app" / "main.py", "", OURS)
    refuses("has changes that are not committed (app/main.py)", "jobs=yes")
    succeed(project, "git", "checkout", "--quiet", ".")
    record = (project / ".cruft.json").read_text(encoding="utf-8")
    for old, new, sentence in (
        (str(template), str(tmp_path / "nowhere"), "can't be cloned"),
        ('"commit"', '"comit"', "is not what cruft writes"),
        (
            '"driver": "asyncpg"',
            '"driver": "pg8000"',
            "driver is 'pg8000', which this version of the template does not have",
        ),
    ):
        changed = record.replace(old, new)
        (project / ".cruft.json").write_text(changed, encoding="utf-8")
        commit(project, "Broken")
        refuses(sentence, "jobs=yes")


def test_skipped_files_and_other_folders_are_left_alone(template: Path, tmp_path: Path) -> None:
    """In a repository that has more than the project."""
    project = create(template, tmp_path / "work")
    (project / ".git").rename(tmp_path / "work" / ".git")
    insert(
        project / "pyproject.toml", "", '\n[tool.cruft]\nskip = ["app/kit/pages.py", "scripts/*"]\n'
    )
    (tmp_path / "work" / "app").mkdir()
    (tmp_path / "work" / "app" / "main.py").write_text(OURS, encoding="utf-8")
    commit(tmp_path / "work", "Moved")
    for name in ("app/kit/pages.py", "app/kit/errors.py"):
        insert(template / PROJECT / name, "", LATER)
    for path in (template / "templates" / "example" / "companies").glob("*.py"):
        insert(path, "", LATER)
    commit(template, "Later")
    code, said = update(project, "framework=none")
    assert code == 0, said
    assert not (project / "app" / "main.py").exists()
    after = files(project)
    assert after["app/kit/errors.py"].endswith(LATER.encode())
    assert LATER.encode() not in after["app/kit/pages.py"] + after["scripts/seed_database.py"]
    assert (tmp_path / "work" / "app" / "main.py").read_text(encoding="utf-8") == OURS
    cruft(project, "check")


def test_no_answer_leaves_data_behind_in_silence(template: Path, tmp_path: Path) -> None:
    """Nor does one let git have them: what held data is ignored after each of these answers."""
    project = create(template, tmp_path / "work", driver="aiosqlite")
    data = ("database.db", "database.db-wal", ".local/postgres/18/password", "own.sqlite3", ".env")
    for name in data:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("", encoding="utf-8")
    settings = (project / "app/kit/db/settings.py").read_bytes()
    for word, sentence in {
        "project_slug=sales": "",
        "driver=asyncpg": "The database is postgresql now and was sqlite: it begins empty",
        "local_database=no": "",
        "project_slug=shop": "DB_NAME and DB_USER were sales by default, and are shop now",
        "driver=psycopg": "",
        "local_database=yes": "Commands use the project's own server now, which begins empty",
    }.items():
        code, said = update(project, word)
        assert code == 0, said
        assert sentence in said
        commit(project, word)
        assert not {*data} & {*succeed(project, "git", "ls-files").splitlines()}
        if word == "project_slug=sales":
            assert (project / "app/kit/db/settings.py").read_bytes() == settings


def test_a_project_of_cookiecutter_s_is_linked_first(tmp_path: Path) -> None:
    template = tmp_path / "template"
    put_template(template)
    kit = template / PROJECT / "app" / "kit" / "__init__.py"
    if "TEMPLATE_VERSION" not in kit.read_text(encoding="utf-8"):
        insert(kit, "", '\nTEMPLATE_VERSION = "1.0.0"\n')
    succeed(template, "git", "init", "--quiet", "--initial-branch=main")
    commit(template, "The template")
    answers = {
        "driver": "psycopg",
        "framework": "sanic",
        "jobs": "yes",
        "license": "none",
        "project_slug": "shop",
        "project_name": "Our Shop",
        "description": 'Sells "all".',
    }
    words = [f"{name}={value}" for name, value in answers.items()]
    options = ("--no-input", "--default-config", f"--output-dir={tmp_path}")
    succeed(tmp_path, sys.executable, "-m", "cookiecutter", *options, str(template), *words)
    project = tmp_path / "shop"
    put_into_git(project)
    insert(project / "app" / "settings.py", "", OURS)
    insert(project / "README.md", "", "\n## Ours\n")
    commit(project, "Ours")
    code, said = update(project, f"--template={template}")
    assert code == 1
    version = re.findall(
        r'TEMPLATE_VERSION = "(.*)"', (project / "app/kit/__init__.py").read_text()
    )
    assert f"has no tag v{version[0]}: add --made-from" in said
    succeed(template, "git", "tag", f"v{version[0]}")
    insert(template / PROJECT / "app" / "kit" / "errors.py", "", LATER)
    commit(template, "Later")
    code, said = update(project, f"--template={template}", "jobs=no")
    assert code == 0, said
    for word in words:
        assert word in said
    fresh = create(template, tmp_path / "fresh", **answers | {"jobs": "no"})
    expected = files(fresh)
    expected["app/settings.py"] += OURS.encode()
    expected["README.md"] += b"\n## Ours\n"
    kept = f"{VERSIONS}/template_jobs.py"
    assert {name: text for name, text in files(project).items() if name != kept} == expected
    assert kept in files(project)
    records = [json.loads((it / ".cruft.json").read_text()) for it in (project, fresh)]
    assert records[0] == records[1]
    commit(project, "Linked")
    assert_follows(project)


def test_the_project_s_ci_refuses_what_an_update_leaves(tmp_path: Path) -> None:
    """With prek's own hooks, on every system; they look at each commit, too."""
    project = bake(tmp_path)
    put_into_git(project)
    workflow = (project / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    [command] = re.findall(r"run: uv run (prek .*)", workflow)
    prek = shutil.which("prek", path=Path(sys.executable).parent)
    assert prek
    words = [prek, *command.split()[1:]]
    env = {"PREK_HOME": str(tmp_path / "prek"), "PREK_COLOR": "never"}
    succeed(project, *words, **env)
    for name, text in {
        "app/main.py.rej": "@@ -1 +1 @@\n",
        "compose.yaml": "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> 1234567 (Update)\n",
    }.items():
        (project / name).write_text(text, encoding="utf-8")
        succeed(project, "git", "add", "--all")
        done = run(project, *words, **env)
        assert done.returncode == 1
        assert name in done.stdout
        succeed(project, "git", "reset", "--quiet", "--hard")


def test_a_project_calls_the_newest_tool(template: Path, tmp_path: Path) -> None:
    """`python -m devtools.update` gets it from the repository, a folder here, with uv."""
    project = create(template, tmp_path / "work")
    path = {"PATH": os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]])}
    for source in ("the first", "another"):
        command = template / "packages/project-update/src/project_update/command.py"
        text = re.sub(
            r'DESCRIPTION = """\\\n.*\n',
            f'DESCRIPTION = """\\\\\nThis is {source}.\n',
            command.read_text(encoding="utf-8"),
        )
        command.write_text(text, encoding="utf-8")
        done = run(project, sys.executable, "-m", "devtools.update", "--help", **path)
        assert f"This is {source}." in done.stdout, done.stderr
    done = run(project, sys.executable, "-m", "devtools.update", "driver=oracle", **path)
    assert done.returncode == 1
    assert "driver 'oracle' is not a choice" in done.stderr
    done = run(project, sys.executable, "-m", "devtools.update", PATH="")
    assert done.returncode == 1
    assert done.stderr == (
        "This takes uv, and .cruft.json or --template with the template's repository.\n"
    )
