"""Replace a version by the next one behind HAProxy, under load, and count what clients see.

    python rollout.py BEFORE AFTER [--careless]

BEFORE and AFTER are directories with a version of the project each, such as worktrees of git. The
Python of its environment (.venv) runs it, or else the one that runs this. DATABASE_URL names a
database to fill. The exit code is 1 if a request failed, a row is lost or a value is wrong.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

CLIENTS, ENOUGH, PATIENCE = 4, 60, 60
"""Clients at once, answers before each step, and seconds after which a step has failed."""
COMPANIES = "/api/v1/companies"


def visit(client: "Client", name: str) -> None:
    """Do what one client does: put your own routes here."""
    company = {"name": name, "industry": "Anvils"}
    made = client.ask("POST", COMPANIES, company, expected=(201, company))
    if made:
        path = f"{COMPANIES}/{made['id']}"
        client.ask("GET", path, expected=(200, company))
        company["industry"] = "Rockets"
        if client.ask("PATCH", path, {"industry": "Rockets"}, expected=(200, company)):
            client.promised[path] = company


class Client:
    """An honest client: it sends again only what HTTP (RFC 9110, 9.2.2) lets it send again.

    Any request whose connection was refused, for nothing was sent; and a GET whose connection was
    closed, or whose answer is a 503 with Retry-After. Whatever else is not as expected has failed.
    """

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.seen: Counter[str] = Counter()
        self.promised: dict[str, Any] = {}

    def ask(
        self, method: str, path: str, body: Any = None, *, expected: tuple[int, dict[str, str]]
    ) -> dict[str, Any]:
        """Return the answer's JSON, or {} if the request failed."""
        status, values = expected
        for _ in range(5):
            try:
                if self._connection.sock is None:
                    self._connection.connect()
            except ConnectionRefusedError:
                self._again("refused", 0.1)
                continue
            try:
                headers = {"Content-Type": "application/json"} if body else {}
                self._connection.request(method, path, json.dumps(body) if body else None, headers)
                response = self._connection.getresponse()
                content = response.read()
            except (OSError, HTTPException) as error:
                self._connection.close()
                if method != "GET":
                    return self._failed(f"{method} {type(error).__name__}")
                self._again("closed", 0)
                continue
            if response.status == 503 and method == "GET" and response.getheader("Retry-After"):
                self._again("503", float(response.headers["Retry-After"]))
                continue
            if response.status != status:
                return self._failed(f"{method} {response.status}")
            answer: dict[str, Any] = json.loads(content)
            if values.items() <= answer.items():
                self.seen[f"{method} {status}"] += 1
                return answer
            return self._failed(f"{method} with a wrong value")
        return self._failed(f"{method}, five times in vain")

    def _again(self, why: str, seconds: float) -> None:
        self.seen[f"again: {why}"] += 1
        time.sleep(seconds)

    def _failed(self, how: str) -> dict[str, Any]:
        self.seen[f"failed: {how}"] += 1
        return {}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when it holds; raises TimeoutError after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {PATIENCE} s: {what}")
        time.sleep(0.02)


def is_ready(port: int) -> bool:
    """Tell whether the instance on this port may get requests."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_ports(number: int) -> list[int]:
    """Return ports on which nothing listens now."""
    with ExitStack() as stack:
        servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
        return [stack.enter_context(it).getsockname()[1] for it in servers]


def command(directory: Path, *arguments: str) -> list[str]:
    """Return a command of the project in `directory`."""
    own = [it for it in ("bin/python", "Scripts/python.exe") if (directory / ".venv" / it).exists()]
    return [str(directory / ".venv" / own[0]) if own else sys.executable, "-m", *arguments]


class Instances:
    """The instances behind HAProxy, one for each of its servers."""

    def __init__(self, stack: ExitStack, *, careless: bool) -> None:
        program = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not program:
            sys.exit("There is no haproxy on PATH: install it, as by `apt install haproxy`.")
        self._stack, self._careless = stack, careless
        self.port, self._admin, *ports = free_ports(4)
        self._ports = dict(zip(("one", "two"), ports, strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        env = {"FRONT_PORT": self.port, "ADMIN_PORT": self._admin}
        env |= {f"PORT_{name.upper()}": port for name, port in self._ports.items()}
        configuration = Path(__file__).with_name("haproxy.cfg")
        process = subprocess.Popen(
            [program, "-q", "-db", "-f", configuration],
            env=os.environ | {name: str(port) for name, port in env.items()},
        )
        stack.callback(process.wait)
        stack.callback(process.kill)

    def names(self) -> list[str]:
        """Return what HAProxy calls them."""
        return [*self._ports]

    def start(self, name: str, directory: Path) -> None:
        """Start one of a version, and let HAProxy use it once it is ready."""
        it = subprocess.Popen(
            command(directory, "app", "--port", str(self._ports[name])),
            cwd=directory,
            env=os.environ | {"APP_REQUEST_LOG": "false"},
            # Ours is for what clients saw.
            stdout=sys.stderr,
        )
        self._running[name] = it
        self._stack.callback(it.wait)
        self._stack.callback(it.kill)
        wait_until(lambda: is_ready(self._ports[name]), f"{directory} answers GET /ready")
        self._tell(f"set server instances/{name} state ready")
        wait_until(lambda: self._stat(name)["status"] == "UP", f"HAProxy uses {name}")

    def stop(self, name: str) -> None:
        """Take one out of HAProxy, wait for the requests that it has, and ask it to stop."""
        if self._careless:
            self._running[name].kill()
        else:
            self._tell(f"set server instances/{name} state drain")
            wait_until(lambda: self._stat(name)["scur"] == "0", f"{name} has no requests any more")
            self._running[name].terminate()
        self._running[name].wait(PATIENCE)

    def _tell(self, line: str) -> str:
        with socket.create_connection(("127.0.0.1", self._admin), PATIENCE) as admin:
            admin.sendall(f"{line}\n".encode())
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def _stat(self, name: str) -> dict[str, str]:
        lines = [
            line.split(",") for line in self._tell("show stat").removeprefix("# ").splitlines()
        ]
        [found] = [line for line in lines if line[:2] == ["instances", name]]
        return dict(zip(lines[0], found, strict=True))


@contextmanager
def load(port: int) -> Iterator[list[Client]]:
    """Let clients visit for the length of the block."""
    stop, clients = threading.Event(), [Client(port) for _ in range(CLIENTS)]

    def go_on(number: int) -> None:
        turn = 0
        while not stop.is_set():
            visit(clients[number], f"Rollout {os.getpid()} {number} {(turn := turn + 1)}")

    threads = [threading.Thread(target=go_on, args=[it], daemon=True) for it in range(CLIENTS)]
    for it in threads:
        it.start()
    try:
        yield clients
    finally:
        stop.set()
        for it in threads:
            it.join()


def roll(before: Path, after: Path, *, careless: bool) -> Counter[str]:
    """Replace `before` by `after`, and return what clients saw."""
    with ExitStack() as stack:
        subprocess.run(command(before, "alembic", "upgrade", "head"), cwd=before, check=True)
        instances = Instances(stack, careless=careless)
        for name in instances.names():
            instances.start(name, before)
        with load(instances.port) as clients:

            def until_more() -> None:
                seen = sum(it.seen.total() for it in clients)
                wait_until(
                    lambda: sum(it.seen.total() for it in clients) >= seen + ENOUGH, "answers"
                )

            until_more()
            subprocess.run(command(after, "alembic", "upgrade", "head"), cwd=after, check=True)
            until_more()
            for name in instances.names():
                instances.stop(name)
                until_more()
                instances.start(name, after)
                until_more()
        reader = Client(instances.port)
        for path, values in [it for client in clients for it in client.promised.items()]:
            reader.ask("GET", path, expected=(200, values))
        seen = sum((it.seen for it in clients), Counter[str]())
        return seen + Counter({f"afterwards: {what}": it for what, it in reader.seen.items()})


def main() -> int:
    """Print what clients saw, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--careless", action="store_true", help="kill instances, to see it fail")
    options = parser.parse_args()
    try:
        seen = roll(options.before.resolve(), options.after.resolve(), careless=options.careless)
    except (TimeoutError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    for what, number in sorted(seen.items()):
        print(f"{what}: {number}")
    failed = sum(number for what, number in seen.items() if "failed" in what)
    print(f"failed in all: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
