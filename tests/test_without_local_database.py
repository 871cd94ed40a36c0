"""The answer local_database: what it adds in few lines, and projects that answer "no"."""

from __future__ import annotations

import filecmp
import re
from pathlib import Path

import pytest
import yaml
from support.bake import ANSWERS, bake, choices
from support.databases.real import database_for
from support.projects import Project, install, new_directory

SENTENCE = (
    "No database is configured: set DATABASE_URL (for tests TEST_DATABASE_URL), or set DB_PASS in "
    ".env and run `docker compose up --wait database`."
)
LINES = {"asyncpg": 560, "asyncmy": 631}
"""How many lines the local database may have in a project, by its driver."""
TRACES = re.compile(
    r"local[-_ ]database|local_(?:server|postgres|mariadb)|embedded-|\.local\b",
    re.IGNORECASE,
)
NETWORKED = [name for name in choices("driver") if ANSWERS["_drivers"][name]["port"]]
PASSWORD = {"DB_PASS": "of nobody"}
COMMANDS = (
    ("-m", "app", "dev"),
    ("-m", "app", "doctor"),
    ("-m", "app"),
    ("-m", "alembic", "upgrade", "head"),
    ("-m", "alembic", "check"),
    ("scripts/seed_database.py",),
    ("scripts/create_test_data.py",),
    ("-m", "pytest"),
    ("-m", "pytest", "-n", "2"),
)


def files(project: Path) -> list[Path]:
    """Return the files of a project, without those that tools make."""
    found = (it for it in project.rglob("*") if it.is_file())
    return [it for it in found if ".venv" not in it.parts and "__pycache__" not in it.parts]


@pytest.mark.parametrize("driver", LINES)
def test_the_local_database_is_small(driver: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver)
    own = [it for it in (project / "devtools").glob("*.py") if it.name != "update.py"]
    own.append(project / "app/kit/commands/local_database.py")
    counts = [len(path.read_text(encoding="utf-8").splitlines()) for path in own]
    assert len(counts) > 3
    assert sum(counts) <= LINES[driver]
    assert max(counts) <= 200


@pytest.mark.parametrize("framework", ["fastapi", "none"])
@pytest.mark.parametrize("driver", NETWORKED)
def test_without_it_nothing_of_it_is_left(driver: str, framework: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver, framework=framework, local_database="no")
    assert {it.name for it in (project / "devtools").iterdir()} == {"__init__.py", "update.py"}
    # What is ignored may be there from an answer that was given before.
    for path in [it for it in files(project) if it.name != ".gitignore"]:
        text = path.read_text(encoding="utf-8").replace(SENTENCE, "")
        assert not TRACES.search(text), path
        assert not TRACES.search(path.name), path


@pytest.mark.parametrize("driver", NETWORKED)
def test_without_it_the_sentence_has_one_place(driver: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver, local_database="no")
    beginning = SENTENCE.partition(":")[0]
    [place] = [it for it in files(project) if beginning in it.read_text(encoding="utf-8")]
    assert place.name == "settings.py"


@pytest.mark.parametrize("driver", NETWORKED)
def test_without_it_compose_has_what_the_sentence_names(driver: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver, local_database="no")
    services = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["services"]
    port = ANSWERS["_drivers"][driver]["port"]
    assert services["database"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "healthcheck" in services["database"], "--wait waits for it"


@pytest.mark.parametrize("driver", NETWORKED)
def test_without_it_the_tests_of_ci_have_a_server(driver: str, tmp_path: Path) -> None:
    project = bake(tmp_path, driver=driver, local_database="no")
    text = (project / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"].values()
    testing = [job for job in jobs if "pytest" in str(job["steps"])]
    assert testing
    assert all("TEST_DATABASE_URL" in job["env"] for job in testing)


def test_for_sqlite_it_changes_nothing(tmp_path: Path) -> None:
    with_it, without = (
        bake(tmp_path / answer, driver="aiosqlite", local_database=answer)
        for answer in choices("local_database")
    )
    names = [path.relative_to(with_it) for path in files(with_it)]
    assert names == [path.relative_to(without) for path in files(without)]
    _, different, failed = filecmp.cmpfiles(with_it, without, map(str, names), shallow=False)
    assert not [*different, *failed]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(driver, marks=pytest.mark.xdist_group(f"no-{driver}"))
        for driver in ("asyncpg", "asyncmy")
    ],
)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project without a local database, as its owner has just made it."""
    directory = new_directory(tmp_path_factory)
    return install(directory, driver=request.param, local_database="no")


@pytest.mark.projects
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_it_every_command_says_what_to_do(
    project: Project, command: tuple[str, ...]
) -> None:
    done = project.run(project.python, *command)
    assert done.returncode != 0
    lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()
    # Some put their name, or a word, before it.
    assert [re.sub(r"^ *(FAILED|ERROR|python -m app): ", "", it) for it in lines] == [SENTENCE]


@pytest.mark.projects
def test_without_it_what_needs_no_database_goes_on(project: Project) -> None:
    sql = project.succeed(project.python, "-m", "alembic", "upgrade", "head", "--sql")
    assert "CREATE TABLE companies" in sql
    assert "SKIP" not in sql
    project.succeed(project.python, "-m", "mypy")


@pytest.mark.projects
def test_without_it_a_password_alone_means_the_database_of_compose(project: Project) -> None:
    done = project.run(project.python, "-m", "app", "doctor", **PASSWORD)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    port = ANSWERS["_drivers"][project.driver]["port"]
    assert f"localhost:{port}" in sentence
    assert SENTENCE not in sentence


@pytest.mark.projects
def test_without_it_the_configured_database_is_used(project: Project, tmp_path: Path) -> None:
    with database_for(project.driver, tmp_path) as url:
        project.migrate(DATABASE_URL=url)
        done = project.run(project.python, "scripts/seed_database.py", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        tests = ("-m", "pytest", "-q", "tests/test_seeds.py", "tests/test_migrations.py")
        project.succeed(project.python, *tests, TEST_DATABASE_URL=url)
