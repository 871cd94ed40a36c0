"""How a project's connection to PostgreSQL is secured, against real servers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from urllib.parse import urlsplit

import pytest
from support.bake import ANSWERS
from support.databases.real import server_for
from support.databases.tls_server import TlsServer, binaries_with_tls, tls_server
from support.projects import Project, environment, install

pytestmark = [
    pytest.mark.projects,
    pytest.mark.xdist_group("tls"),
    # Elsewhere 127.0.0.2, which stands for another machine, is not ours.
    pytest.mark.skipif(sys.platform != "linux", reason="needs an address that only Linux has"),
]

DRIVERS = [name for name, facts in ANSWERS["_drivers"].items() if facts["database"] == "postgresql"]

END = "That is all."
PROBE = """
from app.event_loop import run
import json, os, sys
from sqlalchemy import text
from app.kit.commands.command_error import CommandError
from app.kit.commands.preflight import diagnosed_engine
from app.kit.commands.settings import load_settings
from app.settings import Settings

QUERY = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

async def probe():
    async with diagnosed_engine(load_settings(Settings)) as engine, engine.connect() as connection:
        print("TLS" if await connection.scalar(QUERY) else "no TLS")

for line in sys.stdin:
    asked = json.loads(line)
    os.environ.update(asked)
    try:
        run(probe())
    except CommandError as error:
        print(error)
    for name in asked:
        del os.environ[name]
    print(sys.argv[1], flush=True)
"""
"""Connects with each environment that it reads, as the service's commands do; prints how it went.

One process for all of them: it has more to import than to do.
"""


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    """Yield a server with TLS, if there is one on this machine."""
    binaries = binaries_with_tls()
    if not binaries:
        pytest.skip(
            "there is no PostgreSQL with TLS here: install Debian's postgresql, or set PATH"
        )
    with tls_server(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def plaintext() -> Iterator[str]:
    """Yield the URL of a server without TLS."""
    with server_for(DRIVERS[0]) as url:
        yield url


@pytest.fixture(scope="module", params=DRIVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with what it needs to run."""
    directory = tmp_path_factory.mktemp("project")
    return install(directory, "--no-default-groups", driver=request.param)


def at(url: str, host: str, query: str = "") -> str:
    """Return `url` for another name of the same server."""
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    return parts._replace(netloc=parts.netloc.replace("127.0.0.1", host), query=query).geturl()


Connect = Callable[..., str]


@pytest.fixture(scope="module")
def connect(project: Project) -> Iterator[Connect]:
    """Return a function that connects to a URL with an environment.

    It returns "TLS", "no TLS", or the one sentence that says why there is no connection.
    """
    with subprocess.Popen(
        [project.python, "-c", PROBE, END],
        cwd=project.path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        asked, told = process.stdin, process.stdout
        assert asked
        assert told

        def connect(url: str, **env: object) -> str:
            values = {name: str(value) for name, value in env.items()}
            print(json.dumps({"DATABASE_URL": url, **values}), file=asked, flush=True)
            said = [*takewhile(lambda line: line != END, map(str.rstrip, told))]
            assert len(said) == 1, said
            assert "Error" not in said[0]
            return said[0]

        yield connect
        asked.close()


def test_a_server_with_the_right_name_and_authority_is_trusted(
    connect: Connect, server: TlsServer
) -> None:
    env = {"DB_SSL_MODE": "verify-full", "DB_SSL_ROOT_CERT": server.ca}
    assert connect(at(server.url, "localhost"), **env) == "TLS"


def test_another_name_is_refused(connect: Connect, server: TlsServer) -> None:
    env = {"DB_SSL_MODE": "verify-full", "DB_SSL_ROOT_CERT": server.ca}
    assert "certificate" in connect(server.url, **env)


@pytest.mark.parametrize("trusted", ["another authority", "the system's authorities"])
def test_another_authority_is_refused(connect: Connect, server: TlsServer, trusted: str) -> None:
    env: dict[str, object] = {"DB_SSL_MODE": "verify-full"}
    if trusted == "another authority":
        env["DB_SSL_ROOT_CERT"] = server.foreign_ca
    assert "certificate" in connect(at(server.url, "localhost"), **env)


def test_the_system_s_authorities_are_trusted(connect: Connect, server: TlsServer) -> None:
    # OpenSSL's name for the system's file.
    env = {"DB_SSL_MODE": "verify-full", "SSL_CERT_FILE": server.ca}
    assert connect(at(server.url, "localhost"), **env) == "TLS"


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused(connect: Connect, plaintext: str, mode: str) -> None:
    said = connect(plaintext, DB_SSL_MODE=mode)
    assert "TLS" in said or "SSL" in said
    assert said not in {"TLS", "no TLS"}


def test_require_believes_any_server(connect: Connect, server: TlsServer) -> None:
    env = {"DB_SSL_MODE": "require", "DB_SSL_ROOT_CERT": server.foreign_ca}
    assert connect(server.url, **env) == "TLS"


def test_disable_does_without(connect: Connect, server: TlsServer) -> None:
    assert connect(at(server.url, "127.0.0.2"), DB_SSL_MODE="disable") == "no TLS"


def test_on_this_machine_it_is_not_needed(connect: Connect, server: TlsServer) -> None:
    for host in ("127.0.0.1", "localhost"):
        assert connect(at(server.url, host)) == "no TLS"


@pytest.mark.parametrize("place", ["before", "after"])
def test_another_machine_is_verified(connect: Connect, server: TlsServer, place: str) -> None:
    url = at(server.url, "127.0.0.2")
    if place == "after":
        # SQLAlchemy takes the host behind the question mark, too.
        host = f"@127.0.0.2:{urlsplit(url).port}"
        url = url.replace(host, "@") + f"?host={host[1:]}"
    assert "certificate" in connect(url)
    assert connect(url, DB_SSL_ROOT_CERT=server.ca) == "TLS"


def test_verify_ca_demands_an_authority_and_no_name(connect: Connect, server: TlsServer) -> None:
    asked = f"sslmode=verify-ca&sslrootcert={server.ca}"
    assert connect(at(server.url, "127.0.0.1", asked)) == "TLS"
    asked = f"sslmode=verify-ca&sslrootcert={server.foreign_ca}"
    assert "certificate" in connect(at(server.url, "127.0.0.1", asked))


def test_a_channel_that_must_be_bound_is_a_server_that_is_verified(
    connect: Connect, server: TlsServer
) -> None:
    asked = f"sslmode=require&channel_binding=require&sslrootcert={server.ca}"
    assert connect(at(server.url, "localhost", asked)) == "TLS"
    assert "certificate" in connect(at(server.url, "127.0.0.1", asked))


def test_the_url_may_say_it_as_libpq_does(connect: Connect, server: TlsServer) -> None:
    asked = f"sslmode=verify-full&sslrootcert={server.ca}"
    assert connect(at(server.url, "localhost", asked)) == "TLS"
    assert "certificate" in connect(at(server.url, "127.0.0.1", asked))
    assert connect(at(server.url, "127.0.0.1", asked), DB_SSL_MODE="require") == "TLS"
    assert connect(at(server.url, "127.0.0.2", "sslmode=disable")) == "no TLS"


@pytest.mark.parametrize(
    ("query", "env", "words"),
    [
        (
            "sslmode=prefer",
            {},
            ["DATABASE_URL", "sslmode", "disable, require, verify-ca, verify-full"],
        ),
        ("sslmode=verify-ca", {}, ["verify-ca", "DB_SSL_ROOT_CERT", "sslrootcert="]),
        ("ssl=require", {}, ["DATABASE_URL", "sslmode="]),
        ("sslrootcert=/nowhere.pem", {}, ["DATABASE_URL", "/nowhere.pem"]),
        ("", {"DB_SSL_ROOT_CERT": "/nowhere.pem"}, ["DB_SSL_ROOT_CERT", "/nowhere.pem"]),
        ("", {"DB_SSL_ROOT_CERT": __file__}, ["DB_SSL_ROOT_CERT", "PEM"]),
        (
            "",
            {"DB_SSL_MODE": "prefer"},
            ["DB_SSL_MODE", "'disable', 'require', 'verify-ca' or 'verify-full'"],
        ),
    ],
)
def test_what_is_not_understood_is_refused(
    connect: Connect, query: str, env: dict[str, str], words: list[str]
) -> None:
    said = connect(f"postgresql://somebody@localhost/it?{query}", **env)
    for word in words:
        assert word in said
