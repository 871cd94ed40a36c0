"""A PostgreSQL of a test's own, to stop, freeze, break and copy at will."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from devtools.local_postgres import Postgres, find_programs, within_reach
from devtools.local_server import leave_root


class PostgresServer(Postgres):
    """A server that is stopped and started at will, on the port that it has."""

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" ends its sessions in good order, "immediate" is a crash."""
        if self.pid_file.exists():
            self._pg_ctl("stop", "-m", mode)

    def configure(self, **settings: str) -> None:
        """Append to postgresql.conf; counts from the next start."""
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    @property
    def database_url(self) -> str:
        """The DATABASE_URL of its database "postgres"."""
        return self.url()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it say nothing for the length of the block: not even the system hangs up for it."""
        processes = self.processes()
        try:
            for process in processes:
                with suppress(psutil.NoSuchProcess):  # a backend may just end
                    process.suspend()
            yield
        finally:
            for process in reversed(processes):
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def kill(self, pid: int) -> None:
        """Kill one of its processes as the system does when memory runs out."""
        os.kill(pid, signal.SIGKILL)

    def copy(self, home: Path) -> PostgresServer:
        """Return another server with the same data, as they are now; this one must be stopped."""
        home.mkdir(mode=0o700)
        leave_root(home)
        # The password and the cluster; who owns a file is not copied by itself.
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        leave_root(home)
        return PostgresServer(self.programs, home, ephemeral=True)

    def standby(self) -> PostgresServer:
        """Return a server that follows this one, with its data; it has to be started."""
        self.stop()
        standby = self.copy(self.home.with_name("standby"))
        self.start()
        standby.follow(self)
        return standby

    def follow(self, primary: PostgresServer) -> None:
        """Be a standby of `primary` from the next start on."""
        signal = self.data / "standby.signal"
        signal.touch()
        leave_root(self.home)
        parts = urlsplit(primary.database_url)
        self.configure(
            primary_conninfo=f"host={parts.hostname} port={parts.port} user={parts.username}"
            f" password={parts.password} application_name=standby"
        )

    def promote(self) -> None:
        """Make a standby the primary; return when it takes writes."""
        self._pg_ctl("promote")

    def processes(self) -> list[psutil.Process]:
        """Return its processes, the one first that would start others."""
        postmaster = psutil.Process(int(self.pid_file.read_text(encoding="utf-8").split()[0]))
        return [postmaster, *postmaster.children(recursive=True)]


@contextmanager
def postgres_server(**settings: str) -> Iterator[PostgresServer]:
    """Yield an empty server that runs with these settings; it ends with the block."""
    with ExitStack() as stack:
        # Not below pytest's directory, which only we can enter.
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
        Path(place).chmod(0o755)
        binaries = stack.enter_context(within_reach(find_programs()))
        home = Path(place, "primary")
        home.mkdir(mode=0o700)
        leave_root(home)
        server = PostgresServer(binaries, home, ephemeral=True)
        stack.callback(server.stop, "immediate")
        server.start()
        if settings:
            server.stop()
            server.configure(**settings)
            server.start()
        yield server
