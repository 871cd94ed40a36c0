"""Pgpool-II in front of a primary and its standby."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

from support.databases.pooler import find_pooler, pooling

DEFAULTS = {
    "listen_addresses": "127.0.0.1",
    "pcp_listen_addresses": "",
    "backend_clustering_mode": "streaming_replication",
    "enable_pool_hba": "on",
    "num_init_children": "40",
    # One connection to each server for each of its clients, and no more.
    "max_pool": "1",
    "sr_check_period": "1",
    # A server that is away for a while stays one of its servers.
    "failover_on_backend_error": "off",
}


def pgpool(primary: str, *standbys: str, **settings: str) -> AbstractContextManager[str]:
    """Return the URL of the database at `primary` through Pgpool-II with these settings.

    Of the servers at these URLs, the standbys get all reads that it may send to them. Skip the
    test, with the reason, if there is no Pgpool-II.
    """
    program, server = find_pooler("pgpool", "pgpool2"), urlsplit(primary)

    def prepare(home: Path, port: int) -> list[str]:
        account = {"user": server.username, "password": server.password, "database": "postgres"}
        whole = {
            **DEFAULTS,
            **{f"sr_check_{name}": value for name, value in account.items()},
            **dict.fromkeys(["socket_dir", "pcp_socket_dir", "wd_ipc_socket_dir", "logdir"], home),
            "pid_file_name": home / "pid",
            "port": port,
        }
        for number, url in enumerate([primary, *standbys]):
            whole[f"backend_hostname{number}"] = urlsplit(url).hostname
            whole[f"backend_port{number}"] = urlsplit(url).port
            whole[f"backend_flag{number}"] = "DISALLOW_TO_FAILOVER"
            whole[f"backend_weight{number}"] = int(number > 0 or not standbys)
        lines = [f"{name} = '{value}'" for name, value in (whole | settings).items()]
        (home / "pgpool.conf").write_text("\n".join([*lines, ""]))
        (home / "pool_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        (home / "pool_passwd").write_text(f"{server.username}:TEXT{server.password}\n")
        files = ["-f", str(home / "pgpool.conf"), "-a", str(home / "pool_hba.conf")]
        return [program, "-n", *files]

    # It has to give back its shared memory.
    return pooling(primary, prepare, stop=signal.SIGQUIT)
