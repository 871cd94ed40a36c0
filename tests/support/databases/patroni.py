"""A PostgreSQL of three nodes that Patroni keeps, with etcd, each on a host of its own."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from devtools.local_server import leave_root

from support.databases.hosts import Host, hosts
from support.databases.observer import observing, wait_until

NODES = 3
TTL, LOOP_WAIT, RETRY_TIMEOUT = 9, 1, 3
"""Seconds: how long a leader is one without saying so, and between two looks of each node."""
RECONNECT = 1
"""Seconds between two attempts of a standby to reach its primary."""
PARAMETERS = {
    # A process that dies loses nothing by it, and no machine does here.
    "fsync": "off",
    "wal_retrieve_retry_interval": f"{RECONNECT}s",
    # Or a leader that is to stop would wait for those whom no packet reaches.
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
}
NEEDED = {"patroni": "patroni", "patronictl": "patroni", "etcd": "etcd-server"}
"""Programs, and the packages of Debian that have them."""


@dataclass(frozen=True)
class Node:
    """One of the servers, and the Patroni that keeps it."""

    name: str
    host: Host
    home: Path

    def start(self) -> None:
        """Start Patroni, which starts its PostgreSQL."""
        self.host.start(["patroni", str(self.configuration)], self.home / "log", self.home)

    @property
    def configuration(self) -> Path:
        """Patroni's file."""
        return self.home / "patroni.json"

    def is_leader(self) -> bool:
        """Return whether it takes writes, and is the one that should."""
        said = self._ask("/primary")
        return said.is_success and said.json()["role"] in {"master", "primary"}

    def members(self) -> dict[str, str]:
        """Return the roles of the nodes that run, as it knows them."""
        said = self._ask("/cluster")
        members = said.json()["members"] if said.is_success else []
        return {it["name"]: it["role"] for it in members if it["state"] in {"running", "streaming"}}

    def _ask(self, path: str) -> httpx2.Response:
        try:
            return httpx2.get(f"http://{self.host.address}:8008{path}", timeout=1)
        except httpx2.TransportError:
            return httpx2.Response(503)


@dataclass(frozen=True)
class Cluster:
    """The nodes, of which one is the leader and one its synchronous standby."""

    nodes: list[Node]
    store: Host
    """Where etcd is."""
    password: str

    def url(self, database: str = "postgres", first: Node | None = None) -> str:
        """Return the DATABASE_URL of all nodes, or with one of them first."""
        nodes = sorted(self.nodes, key=lambda node: node is not first)
        places = ",".join(f"{node.host.address}:5432" for node in nodes)
        return f"postgresql://postgres:{self.password}@{places}/{database}?sslmode=disable"

    def url_of(self, node: Node, database: str = "postgres") -> str:
        """Return the DATABASE_URL of one node."""
        place = f"{node.host.address}:5432"
        return f"postgresql://postgres:{self.password}@{place}/{database}?sslmode=disable"

    def leader(self) -> Node:
        """Return the node that takes writes, as soon as there is one."""
        wait_until(lambda: any(node.is_leader() for node in self.nodes))
        return next(node for node in self.nodes if node.is_leader())

    def promoted(self, before: Node) -> float:
        """Return when another node than `before` began to take writes, once it does."""
        others = [node for node in self.nodes if node is not before]
        wait_until(lambda: any(node.is_leader() for node in others), why=self.logs)
        return time.monotonic()

    @contextmanager
    def switched_over(self, leader: Node) -> Iterator[None]:
        """Let an operator make the synchronous standby the leader, by the end of the block."""
        [standby] = [name for name, role in leader.members().items() if role == "sync_standby"]
        command = ["patronictl", "-c", str(leader.configuration), "switchover", "cluster"]
        command += ["--master", leader.name, "--candidate", standby, "--force"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            yield
            said, _ = process.communicate(timeout=120)
        assert not process.returncode, said.decode()

    def wait_until_whole(self) -> None:
        """Return once there are a leader, its synchronous standby and another one."""
        wait_until(self._is_whole, why=self.logs)

    def logs(self) -> str:
        """Return what Patroni said last on each node."""
        texts = [(node, (node.home / "log").read_text(encoding="utf-8")) for node in self.nodes]
        return "\n".join(f"{node.name}:\n{text[-2000:]}" for node, text in texts)

    def _is_whole(self) -> bool:
        leader = self.leader()
        if sorted(leader.members().values()) != ["leader", "replica", "sync_standby"]:
            return False
        with observing(self.url_of(leader)) as observer:
            query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
            return int(observer.value(query)) == NODES - 1


@contextmanager
def patroni_cluster() -> Iterator[Cluster]:
    """Yield a cluster that is whole; skip the test, with the reason, where there can be none."""
    programs = _find_programs()
    with hosts(NODES + 1) as [store, *places], tempfile.TemporaryDirectory() as name:
        directory, password = Path(name), secrets.token_hex(16)
        directory.chmod(0o755)
        _start_etcd(store, _home(directory / "etcd"))
        nodes = []
        for number, host in enumerate(places):
            node = Node(f"node{number}", host, _home(directory / f"node{number}"))
            text = json.dumps(_configuration(node, store, programs, password))
            node.configuration.write_text(text, encoding="utf-8")
            leave_root(node.home)
            node.start()
            nodes.append(node)
        cluster = Cluster(nodes, store, password)
        cluster.wait_until_whole()
        try:
            yield cluster
        finally:
            # Before their files go.
            for host in (*places, store):
                host.kill()


def _find_programs() -> Path:
    """Return the folder of PostgreSQL's programs."""
    missing = {package for program, package in NEEDED.items() if not shutil.which(program)}
    usual = [*Path("/").glob("usr/lib/postgresql/*/bin"), *Path("/").glob("usr/pgsql-*/bin")]
    folders = [folder for folder in sorted(usual) if (folder / "pg_rewind").exists()]
    if missing or not folders:
        names = " and ".join(sorted(missing | (set() if folders else {"postgresql"})))
        pytest.skip(f"there is no Patroni here with all it needs: install Debian's {names}")
    return folders[-1]


def _home(directory: Path) -> Path:
    directory.mkdir(mode=0o700)
    leave_root(directory)
    return directory


def _start_etcd(host: Host, home: Path) -> None:
    here = f"http://{host.address}:2379"
    options = {"data-dir": str(home / "data"), "listen-client-urls": here}
    options |= {"advertise-client-urls": here, "unsafe-no-fsync": "true"}
    host.start(
        ["etcd", *(f"--{name}={value}" for name, value in options.items())], home / "log", home
    )


def _configuration(node: Node, store: Host, programs: Path, password: str) -> dict[str, Any]:
    account = {"username": "postgres", "password": password}
    place = f"{node.host.address}:5432"
    rules = {"ttl": TTL, "loop_wait": LOOP_WAIT, "retry_timeout": RETRY_TIMEOUT}
    strict = {"synchronous_mode": True, "synchronous_mode_strict": True}
    shared = {"use_pg_rewind": True, "parameters": PARAMETERS}
    return {
        "scope": "cluster",
        "name": node.name,
        "restapi": {"listen": f"{node.host.address}:8008"},
        "etcd3": {"host": f"{store.address}:2379"},
        "bootstrap": {
            "dcs": {**rules, **strict, "postgresql": shared},
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "no-sync"],
        },
        "postgresql": {
            "listen": place,
            "connect_address": place,
            "data_dir": str(node.home / "data"),
            "bin_dir": str(programs),
            "pgpass": str(node.home / "pgpass"),
            "authentication": {"superuser": account, "replication": account, "rewind": account},
            "pg_hba": [f"host {kind} all all scram-sha-256" for kind in ("all", "replication")],
            "parameters": {"unix_socket_directories": ""},
            "basebackup": {"checkpoint": "fast"},
        },
    }
