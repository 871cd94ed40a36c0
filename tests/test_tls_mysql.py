"""TLS to MySQL and MariaDB: what is not verified is refused, by every driver."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from devtools.local_mariadb import MariaDB
from devtools.local_server import LocalServerError, leave_root
from devtools.mariadb_programs import Programs, find_programs
from support.bake import ANSWERS
from support.projects import Project, install

pytestmark = pytest.mark.projects

DRIVERS = [name for name, row in ANSWERS["_drivers"].items() if row["database"] == "mysql"]
CHECK = """
from app.event_loop import run
from sqlalchemy import text
from app.kit.db.engine import open_engine
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine, engine.connect() as connection:
        _, cipher = (await connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'"))).one()
        print("encrypted" if cipher else "plain")

# Often: a connection that does not wait for its socket to close leaves it behind now and then.
for _ in range(30):
    run(main())
"""


class Server(MariaDB):
    """A server that is started with more options."""

    def __init__(self, programs: Programs, home: Path, *more: str) -> None:
        super().__init__(programs, home, ephemeral=True)
        self._more = more

    def options(self, port: int) -> list[str]:
        """Add ours."""
        return [*super().options(port), *self._more]


@dataclass(frozen=True)
class Servers:
    """Two servers and two authorities; the first server's certificate is for "localhost"."""

    encrypting: str
    plain: str
    authority: Path
    stranger: Path


@contextmanager
def open_directory() -> Iterator[Path]:
    """Yield a directory as open as /tmp is: for root, the servers run as somebody else."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@contextmanager
def running(server: Server) -> Iterator[str]:
    """Yield the server's URL, by the name that its certificate has."""
    try:
        server.start()
        yield server.url().replace("127.0.0.1", "localhost")
    finally:
        server.stop()


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Yield a server with TLS and one without."""
    try:
        programs = find_programs()
    except LocalServerError as error:
        pytest.skip(str(error))
    with open_directory() as encrypting, open_directory() as plain, open_directory() as files:
        for home in (encrypting, plain):
            leave_root(home)
        authority, stranger, key = files / "ca.pem", files / "stranger.pem", encrypting / "key.pem"
        ours = trustme.CA()
        ours.cert_pem.write_to_path(str(authority))
        trustme.CA().cert_pem.write_to_path(str(stranger))
        ours.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(key))
        leave_root(encrypting)
        tls = (f"--ssl-cert={key}", f"--ssl-key={key}")
        with (
            running(Server(programs, encrypting, *tls)) as with_tls,
            running(Server(programs, plain, "--skip-ssl")) as without,
        ):
            yield Servers(with_tls, without, authority, stranger)


@pytest.fixture(scope="module", params=DRIVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with each driver."""
    directory = tmp_path_factory.mktemp("project")
    return install(directory, "--no-default-groups", driver=request.param)


def connect(project: Project, url: str, mode: str, authority: Path) -> tuple[str, str]:
    """Return what the project says about its connections, and its last word if it fails."""
    done = project.run(
        project.python,
        *("-W", "error", "-c", CHECK),
        DATABASE_URL=url,
        DB_SSL_MODE=mode,
        DB_SSL_ROOT_CERT=str(authority),
    )
    return " ".join({*done.stdout.split()}), "".join(done.stderr.strip().splitlines()[-1:])


def test_what_is_verified_is_encrypted(project: Project, servers: Servers) -> None:
    assert connect(project, servers.encrypting, "verify-full", servers.authority) == (
        "encrypted",
        "",
    )


def test_a_certificate_for_another_host_is_refused(project: Project, servers: Servers) -> None:
    url = servers.encrypting.replace("localhost", "127.0.0.1")
    told, _ = connect(project, url, "verify-full", servers.authority)
    assert told == ""
    told, _ = connect(project, url, "require", servers.authority)
    assert told == "encrypted"


def test_a_certificate_of_another_authority_is_refused(project: Project, servers: Servers) -> None:
    told, _ = connect(project, servers.encrypting, "verify-full", servers.stranger)
    assert told == ""
    told, _ = connect(project, servers.encrypting, "require", servers.stranger)
    assert told == "encrypted"


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused(project: Project, servers: Servers, mode: str) -> None:
    told, error = connect(project, servers.plain, mode, servers.authority)
    assert told == ""
    assert "sqlalche.me" in error, error
    assert connect(project, servers.plain, "disable", servers.authority) == ("plain", "")
