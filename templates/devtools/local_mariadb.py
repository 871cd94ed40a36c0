"""A real MariaDB for development and tests, from the programs that this machine has.

`python -m devtools.local_mariadb` starts an empty one, prints its URL and keeps it until
Ctrl-C. With `--data DIR` what is written to it is still there the next time.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.local_server import LocalServerError
from devtools.mariadb_programs import find_programs
from devtools.mariadb_server import MariaDB
from devtools.supervisor import supervise, supervised

__all__ = ["LocalServerError", "local_mariadb"]


@contextmanager
def local_mariadb(data: Path | None = None) -> Iterator[str]:
    """Run MariaDB for the length of a `with` block and yield its `mysql://` URL.

    With `data`, its files stay in `data/<version>`. If a server already runs there, that
    one's URL is yielded, and it ends with the block that started it. Without `data` it is
    fast and forgetful: a temporary directory, and no waiting for the disk.

    Raises LocalServerError when there is no MariaDB here or it does not start.
    """
    series = ".".join(find_programs().version.split(".")[:2])
    home = [] if data is None else [str(data.resolve() / series)]
    with supervised("devtools.local_mariadb", *(home or [""])) as url:
        yield url


def main() -> None:
    """Run a server until Ctrl-C; or, with arguments of ours only, supervise one."""
    parser = argparse.ArgumentParser(prog="python -m devtools.local_mariadb", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the databases in DIR")
    parser.add_argument("--supervise", metavar="HOME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.supervise is not None:
        temporary = Path(tempfile.gettempdir(), f"local-mariadb-{secrets.token_hex(8)}")
        home = Path(arguments.supervise or temporary)
        supervise(MariaDB(find_programs(), home, ephemeral=not arguments.supervise))
        return
    try:
        with suppress(KeyboardInterrupt), local_mariadb(arguments.data) as url:
            print(url, flush=True)
            while True:
                time.sleep(3600)
    except LocalServerError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
