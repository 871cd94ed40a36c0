"""A Galera cluster of a test's own: MariaDB nodes that all take writes."""

from __future__ import annotations

import random
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from asyncmy.errors import OperationalError
from devtools.local_mariadb import MariaDB
from devtools.local_server import HOST, LocalServerError, leave_root
from devtools.mariadb_programs import find_programs

from support.databases.mariadb_server import MariaDBServer
from support.databases.observer import wait_until

PROVIDERS = ("/usr/lib/galera", "/usr/lib64/galera-4", "/usr/lib64/galera", "/usr/local/lib")
"""Where distributions put Galera's library."""
NODES = 3
SUSPECT_AFTER = 3
"""Seconds after which a node that says nothing is suspected to be gone."""
GONE_AFTER = 8
"""Seconds after which it is, whatever the others say."""
SMALL = ("--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M")


class GaleraNode(MariaDBServer):
    """A node; it finds the others by `members`, and makes a new cluster if there are none."""

    def join(
        self, number: int, group_port: int, members: Sequence[GaleraNode], provider: str
    ) -> None:
        """Say who it is among the `members`, and where it talks with them."""
        self.number, self.group_port = number, group_port
        self.members, self.provider = members, provider

    def options(self, port: int) -> list[str]:
        """Return the options of mariadbd."""
        # The accounts are there already: each node would make them again in all.
        plain = [it for it in super().options(port) if not it.startswith("--init-file")]
        return [*plain, *SMALL, *self._cluster_options()]

    def _cluster_options(self) -> list[str]:
        others = [it for it in self.members if it is not self and it.answers()]
        addresses = ",".join(f"{HOST}:{it.group_port}" for it in others)
        settings = {
            "gmcast.listen_addr": f"tcp://{HOST}:{self.group_port}",
            "ist.recv_addr": f"{HOST}:{self.group_port + 1}",
            "gcache.size": "32M",
            "evs.keepalive_period": "PT0.5S",
            "evs.inactive_check_period": "PT0.5S",
            "evs.suspect_timeout": f"PT{SUSPECT_AFTER}S",
            "evs.inactive_timeout": f"PT{GONE_AFTER}S",
        }
        return [
            "--wsrep-on=ON",
            f"--wsrep-provider={self.provider}",
            f"--wsrep-provider-options={'; '.join(f'{k}={v}' for k, v in settings.items())}",
            f"--wsrep-cluster-address=gcomm://{addresses}",
            f"--wsrep-node-name=node{self.number}",
            f"--wsrep-node-address={HOST}:{self.group_port}",
            f"--wsrep-sst-receive-address={HOST}:{self.group_port + 2}",
            "--wsrep-sst-method=rsync",
            "--wsrep-slave-threads=2",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            # As is usual with Galera: the other nodes have what one of them loses.
            "--innodb-flush-log-at-trx-commit=0",
            *self._position(),
        ]

    def _position(self) -> list[str]:
        # A node that was killed does not know in which state it is: else it gets all data anew.
        file = self.data / "grastate.dat"
        if not file.exists() or not re.search(r"seqno: +-1", file.read_text(encoding="utf-8")):
            return []
        found = self._recovered_position()
        return [f"--wsrep-start-position={found}"] if found else []

    def _recovered_position(self) -> str:
        log = self.home / "recovery.log"
        options = [it for it in MariaDB.options(self, self.port) if "--init-file" not in it]
        with log.open("wb") as file:
            subprocess.run(
                [str(self.programs.server), *options, *SMALL, "--wsrep-recover"],
                cwd=self.data,
                check=True,
                timeout=60,
                **self.process_arguments(file),
            )
        found = re.search(r"Recovered position: *(\S+)", log.read_text(encoding="utf-8"))
        return found[1] if found else ""

    def status(self, name: str) -> str:
        """Return a variable of the node's status, such as wsrep_cluster_size."""
        with self.observing() as observer:
            return str(observer.rows(f"SHOW STATUS LIKE '{name}'")[0][1])

    def is_synced(self) -> bool:
        """Return whether it takes part in the cluster."""
        try:
            return self.status("wsrep_local_state_comment") == "Synced"
        except OperationalError:
            # It lets nobody in yet.
            return False

    def wait_until_synced(self) -> None:
        """Return once it takes part in the cluster; if it never does, raise its log."""
        log = self.home / "server.log"
        wait_until(self.is_synced, why=lambda: log.read_text(encoding="utf-8")[-5_000:])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it say nothing for the length of the block: not even the system hangs up for it."""
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Let it hear nothing of the other nodes for the length of the block, nor they of it."""
        with self.observing() as observer:
            observer.rows("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
        try:
            wait_until(lambda: self.status("wsrep_cluster_status") != "Primary")
            yield
        finally:
            with self.observing() as observer:
                observer.rows("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
            self.wait_until_synced()


@dataclass(frozen=True)
class Galera:
    """A cluster whose nodes are all in it at first."""

    nodes: Sequence[GaleraNode]

    def url(self, *order: int) -> str:
        """Return the DATABASE_URL that names these nodes, or all."""
        chosen = [self.nodes[it] for it in order or range(len(self.nodes))]
        before, _, after = chosen[0].database_url.partition(HOST)
        places = ",".join(f"{HOST}:{it.port}" for it in chosen)
        return f"{before}{places}/{after.partition('/')[2]}"

    def is_whole(self) -> bool:
        """Return whether all nodes agree that all are in it; one that was frozen is late."""
        names = ("wsrep_cluster_size", "wsrep_cluster_conf_id", "wsrep_local_state_comment")
        [state, *others] = {tuple(map(it.status, names)) for it in self.nodes}
        return not others and (state[0], state[2]) == (str(len(self.nodes)), "Synced")

    def names(self) -> list[list[str]]:
        """Return the names of the companies that each node has."""
        return [sorted(it) for it in self.values("SELECT name FROM companies")]

    def values(self, query: str) -> list[list[str]]:
        """Return the first column of what each node returns, when all have what one has."""
        wait_until(self.is_whole)
        return [_ask(it, query) for it in self.nodes]

    def empty(self) -> None:
        """Drop all that is in the database, once all nodes are in the cluster."""
        wait_until(self.is_whole)
        with self.nodes[0].observing() as observer:
            observer.rows("DROP DATABASE test")
            observer.rows("CREATE DATABASE test CHARACTER SET utf8mb4")


@contextmanager
def galera() -> Iterator[Galera]:
    """Yield a cluster; skip the test, with the reason, where there are no programs for one."""
    try:
        programs = find_programs()
    except LocalServerError as error:
        pytest.skip(str(error))
    found = [Path(it, "libgalera_smm.so") for it in PROVIDERS]
    provider = next(filter(Path.is_file, found), None)
    if provider is None or not shutil.which("rsync"):
        pytest.skip("Galera needs libgalera_smm.so (Debian's galera-4) and rsync")
    with ExitStack() as stack:
        # Not below pytest's directory, which only we can enter.
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="galera-")))
        place.chmod(0o755)
        nodes = [GaleraNode(programs, place / f"node{it}", ephemeral=False) for it in range(NODES)]
        for number, port in enumerate(_group_ports(NODES)):
            nodes[number].join(number, port, nodes, str(provider))
        _make_files(MariaDBServer(programs, nodes[0].home, ephemeral=False), nodes)
        for node in nodes:
            stack.callback(node.stop)
            node.start()
            node.wait_until_synced()
        yield Galera(nodes)


def _make_files(plain: MariaDBServer, nodes: Sequence[GaleraNode]) -> None:
    """Make the files of nodes in one state, so that none needs the data of another."""
    first, *others = nodes
    first.home.mkdir(mode=0o700)
    leave_root(first.home)
    # Alone it makes its accounts, and then a cluster of one node.
    for server in (plain, first):
        server.start()
        server.stop()
    for node in others:
        node.home.mkdir(mode=0o700)
        leave_root(node.home)
        # Who owns a file is not copied by itself.
        shutil.copytree(first.home, node.home, dirs_exist_ok=True)
        leave_root(node.home)


def _ask(node: GaleraNode, query: str) -> list[str]:
    with node.observing() as observer:
        # What the others have committed comes first.
        observer.rows("SET SESSION wsrep_sync_wait = 1")
        return [row[0] for row in observer.rows(query)]


def _group_ports(number: int) -> list[int]:
    """Return ports that are free, and so are the two behind each."""
    while True:
        first = random.randrange(20_000, 32_000, 3)  # noqa: S311  no secret
        ports = range(first, first + 3 * number)
        if all(map(_is_free, ports)):
            return [*ports[::3]]


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server((HOST, port)):
        return True
    return False
