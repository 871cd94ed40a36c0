"""Query parameters of database URLs, as managed services and other libraries write them."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import trustme
from devtools.local_mariadb import local_database as local_mariadb
from devtools.local_postgres import local_database as local_postgres
from devtools.local_server import LocalServerError
from support.bake import ANSWERS, choices
from support.databases.observer import wait_until
from support.databases.real import mariadb
from support.pages import blocks, read_page
from support.places import PROBES
from support.projects import Project, install, new_directory

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("urls")]

PROBE = PROBES / "url_probe.py"
SERVERS = [name for name, facts in ANSWERS["_drivers"].items() if facts["port"]]
POSTGRESQL = [it for it in SERVERS if ANSWERS["_drivers"][it]["database"] == "postgresql"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs sockets that are files")


def database(driver: str) -> str:
    """Return which database a driver is for."""
    name: str = ANSWERS["_drivers"][driver]["database"]
    return name


@pytest.fixture(scope="module", params=choices("driver"))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with both engines."""
    answers = {"driver": request.param, "framework": "none", "sync_engine": "yes"}
    return install(new_directory(tmp_path_factory), "--no-default-groups", **answers)


@contextmanager
def with_socket(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the URL of a server, and its socket under a name with colons."""
    with TemporaryDirectory(prefix="urls-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        colons = home / "project:region:instance"
        if name == "postgresql":
            with local_postgres(home / "data"):
                pass
            wait_until_stopped(home / "data")
            [cluster] = (home / "data").glob("*/cluster")
            with (cluster / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                # In the cluster.
                configuration.write("unix_socket_directories = '.'\n")
            colons.symlink_to(cluster)
            with local_postgres(home / "data") as url:
                yield url, colons
            wait_until_stopped(home / "data")
        else:
            try:
                with local_mariadb(home / "data") as url:
                    [path] = (home / "data").rglob("mariadb.sock")
                    colons.symlink_to(path)
                    yield url, colons
                wait_until_stopped(home / "data")
            except LocalServerError as error:
                pytest.skip(str(error))


def wait_until_stopped(data: Path) -> None:
    """Return once the server has stopped: its watcher lets a lock go then."""
    import fcntl  # noqa: PLC0415  not on Windows

    [lock] = data.glob("*/watching")

    def is_free() -> bool:
        with lock.open("ab") as watching, suppress(BlockingIOError):
            fcntl.flock(watching, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    wait_until(is_free, why=lambda: "the server does not stop")


@pytest.fixture(scope="module")
def url(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a URL without parameters."""
    match database(project.driver):
        case "postgresql":
            with local_postgres() as url:
                yield url
        case "mysql":
            with mariadb() as url:
                yield url
        case _:
            path = tmp_path_factory.mktemp("database") / "it.db"
            yield f"sqlite:///{path.as_posix()}"


def ask(project: Project, *cases: tuple[str, list[str]], **env: str) -> list[Any]:
    """Return, for each URL and its queries, the answers, or the sentence that refuses the URL."""
    told = project.succeed(
        project.python, PROBE, json.dumps(cases), PYTHONPATH=str(project.path), **env
    )
    return list(json.loads(told))


SCHEMES = {
    "postgresql": ["postgres", "postgresql+psycopg2", "postgresql+asyncpg"],
    "mysql": ["mysql+pymysql", "mariadb", "mysql+aiomysql"],
    "sqlite": ["sqlite3", "sqlite+pysqlite"],
}
HONOURED = {
    "postgresql": {
        "application_name=my%20app": ("SHOW application_name", "my app"),
        "connect_timeout=10&channel_binding=prefer": ("SELECT 1", "1"),
        "client_encoding=UTF8&gssencmode=disable": ("SHOW client_encoding", "UTF8"),
        "options=-c%20statement_timeout%3D5s": ("SHOW statement_timeout", "5s"),
        "options=--statement-timeout%3D7s": ("SHOW statement_timeout", "7s"),
        "options=-csearch_path%3Done,%5C%20two": ("SHOW search_path", "one, two"),
        "schema=the%20%22one%22": ("SHOW search_path", '"the ""one"""'),
        "sslmode=DISABLE": ("SHOW statement_timeout", "30s"),
        # As DB_POOLER=pgbouncer, which leaves the limits to the role.
        "pgbouncer=true": ("SHOW statement_timeout", "0"),
        "pgbouncer=true&schema=one": ("SHOW search_path", '"one"'),
    },
    "mysql": {
        "charset=utf8&connect_timeout=10": ("SELECT @@character_set_client", "utf8mb4"),
        "ssl-mode=DISABLED": ("SELECT 1", "1"),
        "allowPublicKeyRetrieval=true&serverTimezone=UTC": ("SELECT @@time_zone", "+00:00"),
        "program_name=other": ("SELECT 1", "1"),
    },
    "sqlite": {
        "timeout=7": ("PRAGMA busy_timeout", "7000"),
        "check_same_thread=False": ("PRAGMA busy_timeout", "5000"),
    },
}
REFUSED = {
    "postgresql": {
        "keepalives_idle=30": "DB_PING_TIMEOUT",
        "connection_limit=1": "DB_POOL_SIZE",
        "statement_cache_size=0": "DB_POOLER=pgbouncer",
        "command_timeout=60": "DB_STATEMENT_TIMEOUT",
        "unix_sock=/cloudsql/it": "host=",
        "service=it": "leave it out",
        "password=hunter2": "USER:PASSWORD@HOST",
        "ssl=true": "sslmode=",
        "sslpassword=hunter2": "decrypt",
        "sslmode=prefer": "verify-full",
        "sslkey=hunter2": "sslcert=",
        "sslcert=hunter2": "PEM",
        "sslmode": "value",
        "schema=": "value",
        "SSLMODE=require": "sslmode=",
        "sslnegotiation=direct": "sslmode=",
        "schema=one&schema=two": "more than once",
        "connect_timeout=0": "above 0",
        "client_encoding=latin1": "utf8",
        "channel_binding=require&sslmode=disable": "sslmode=disable",
    },
    "mysql": {
        "useSSL=false": "sslmode=",
        "tls=true": "sslmode=",
        "ssl_verify_identity=true": "sslmode=",
        "ssl-mode=PREFERRED": "verify_identity",
        "ssl_ca=hunter2": "sslrootcert=",
        "autocommit=true": "leave it out",
        "read_timeout=7": "DB_STATEMENT_TIMEOUT",
        "charset=latin1": "utf8mb4",
        "host=hunter2": "USER:PASSWORD@HOST",
        "connect_timeout=soon": "above 0",
    },
    "sqlite": {
        "mode=ro": "leave it out",
        "uri=true": "path",
        "cache=shared": "leave it out",
        "isolation_level=IMMEDIATE": "leave it out",
        "timeout=soon": "above 0",
    },
}


def test_each_parameter_means_the_same_for_every_driver(project: Project, url: str) -> None:
    honoured = HONOURED[database(project.driver)]
    told = ask(project, *((f"{url}?{query}", [asked]) for query, (asked, _) in honoured.items()))
    assert dict(zip(honoured, told, strict=True)) == {
        query: [answer] for query, (_, answer) in honoured.items()
    }


def test_other_parameters_are_refused_in_one_sentence(project: Project, url: str) -> None:
    refused = REFUSED[database(project.driver)]
    told = ask(project, *((f"{url}?{query}", ["SELECT 1"]) for query in refused))
    for (query, advice), sentence in zip(refused.items(), told, strict=True):
        name = query.partition("=")[0]
        assert str(sentence).startswith("DATABASE_URL: has "), (query, sentence)
        assert f"{name}=" in sentence
        assert advice in sentence
        assert "hunter2" not in sentence


@pytest.mark.parametrize("project", choices("driver")[:1], indirect=True)
@pytest.mark.parametrize("command", ["doctor", "alembic", "script"])
def test_every_command_says_it(project: Project, url: str, command: str) -> None:
    commands = {
        "doctor": ["-m", "app", "doctor"],
        "alembic": ["-m", "alembic", "current"],
        "script": ["scripts/seed_database.py"],
    }
    done = project.run(project.python, *commands[command], DATABASE_URL=f"{url}?odd=hunter2")
    assert done.returncode != 0
    # Alembic writes it to the standard output.
    [sentence] = (done.stdout + done.stderr).splitlines()
    assert "odd=" in sentence
    assert "hunter2" not in sentence


def test_the_schemes_of_other_libraries(project: Project, url: str) -> None:
    urls = [
        url.replace(urlsplit(url).scheme, scheme, 1) for scheme in SCHEMES[database(project.driver)]
    ]
    # A secret that comes from a file often ends so.
    assert ask(project, *((it, ["SELECT 1"]) for it in [*urls, f"{url}\n"])) == [
        ["1"] for _ in [*urls, url]
    ]


@POSIX
@pytest.mark.parametrize("project", SERVERS, indirect=True)
def test_a_socket_may_have_colons_in_its_path(project: Project) -> None:
    name = database(project.driver)
    with with_socket(name) as (url, path):
        parts = urlsplit(url)
        account = f"{parts.username}:{parts.password}"
        query = f"host={path}&port={parts.port}" if name == "postgresql" else f"unix_socket={path}"
        port = f":{parts.port}" if name == "postgresql" else ""
        asked = ["SELECT 1"]
        assert (
            ask(
                project,
                (f"{parts.scheme}://{account}@localhost{parts.path}?{query}", asked),
                (
                    f"{parts.scheme}://{account}@{quote(str(path), safe='')}{port}{parts.path}",
                    asked,
                ),
                # No driver encrypts a socket.
                (f"{parts.scheme}://{account}@{parts.path}?{query}&sslmode=require", asked),
            )
            == [["1"]] * 3
        )
        done = project.run(
            project.python,
            *("-m", "app", "doctor"),
            DB_HOST=str(path),
            DB_PORT=str(parts.port),
            DB_NAME=parts.path[1:],
            DB_USER=str(parts.username),
            DB_PASS=str(parts.password),
        )
    assert "alembic upgrade head" in done.stderr


@pytest.mark.parametrize("project", POSTGRESQL, indirect=True)
@pytest.mark.parametrize(
    "query", ["options=endpoint%3Dep-cool-1", "options=-cx.y%3Dz%20project%3Dit"]
)
def test_what_a_service_finds_its_servers_by_reaches_it(project: Project, query: str) -> None:
    """Neon and others look at the options in the first packet; the server knows nothing of it."""
    packets = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def listen() -> None:
            with server.accept()[0] as connection:
                packets.append(connection.recv(4096))

        thread = Thread(target=listen)
        thread.start()
        ask(project, (f"postgresql://me:x@127.0.0.1:{server.getsockname()[1]}/it?{query}", []))
        thread.join()
    fields = packets[0][8:].split(b"\0")
    options = fields[fields.index(b"options") + 1].decode()
    assert query.rpartition("%20")[2].removeprefix("options=").replace("%3D", "=") in options


CLOUD = "/cloudsql/project:region:instance"
SETTINGS = {
    "postgresql": [
        ["ep-cool-1-pooler.eu-central-1.aws.neon.tech", 5432, "verify-full", "pgbouncer"],
        ["aws-0-eu-central-1.pooler.supabase.com", 6543, "verify-full", "pgbouncer"],
        ["it.abcdef.eu-central-1.rds.amazonaws.com", 5432, "verify-full", "none"],
        [CLOUD, 5432, "disable", "none"],
        ["127.0.0.1", 5432, "disable", "none"],
        ["it.postgres.database.azure.com", 5432, "verify-full", "none"],
        ["one two three", 5432, "verify-full", "none"],
    ],
    "mysql": [
        ["it.abcdef.eu-central-1.rds.amazonaws.com", 3306, "verify-full", "none"],
        [CLOUD, 3306, "disable", "none"],
        ["127.0.0.1", 3306, "disable", "none"],
        ["it.mysql.database.azure.com", 3306, "verify-full", "none"],
        ["one two three", 3306, "verify-full", "none"],
    ],
    "sqlite": [["/srv/data/it.db", 5.0], ["/srv/data/it.db", 10.0]],
}
"""Hosts, port, TLS and pooler of the settings on a project's page of its database, in its order."""
READ_SETTINGS = """
import json, os, sys
from app.kit.db.settings import DIALECT
from app.settings import Settings

def read(lines):
    os.environ.update(lines)
    settings = Settings()
    for name in lines:
        del os.environ[name]
    if DIALECT.startswith("sqlite"):
        return [settings.sqlalchemy_url.database, settings.db_busy_timeout]
    from app.kit.db.tls import tls_mode
    from app.kit.db.url import servers_of
    places = servers_of(settings.sqlalchemy_url)
    places += servers_of(settings.replica.sqlalchemy_url) if settings.replica else []
    [port] = {port for _, port in places}
    pooler = getattr(settings, "db_pooler", "none")
    return [" ".join(host for host, _ in places), port, tls_mode(settings), pooler]

print(json.dumps([read(lines) for lines in json.loads(sys.argv[1])]))
"""


def test_the_settings_on_its_page_are_read_as_they_are_meant(project: Project) -> None:
    """Of managed services, as their owners paste them; the authority's certificate is any."""
    trustme.CA().cert_pem.write_to_path(str(project.path / "authority.pem"))
    given = [
        dict(line.split("=", 1) for line in block.text.splitlines())
        for block in blocks(read_page(project.path, "database.md"))
        if block.language == "ini"
    ]
    told = project.succeed(project.python, "-c", READ_SETTINGS, json.dumps(given))
    assert json.loads(told) == SETTINGS[database(project.driver)]
