"""Services of others beside ours: how one is described, measured, and refused."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from support.bake import TEMPLATE
from support.benchmark import NEEDS_LOAD, bench
from support.databases.postgres_proxy import postgres_proxy
from support.projects import Project

from benchmarks.callgrind import METHODS
from benchmarks.contestants import ensure_the_same_answers
from benchmarks.errors import BenchmarkError
from benchmarks.generator import IDS, find_generator
from benchmarks.kept import FIGURES
from benchmarks.measuring import Plan, measure
from benchmarks.peer_files import BUILT_IN, Inn, read_peer
from benchmarks.peer_parts import round_trips
from benchmarks.servers import seeded

FOUND = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"]
URL = "postgresql://somebody:secret@127.0.0.1:5432/there"
SERVER = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

[_, address] = os.environ["DATABASE_URL"].split("://")
assert os.environ["INVENTORY"] == f"other+driver://{address}"
ids = range(1, 1 + int(Path("tables").read_text()))
names = set()

class Items(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200 if int(self.path.removeprefix("/items/")) in ids else 404)

    def do_POST(self):
        item = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        unknown = self.path != "/items" or item["price"] != 3 or item["name"] in names
        names.add(item["name"])
        self.answer(400 if unknown else 201)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Items).serve_forever()
"""
TABLES = "import os, pathlib; os.environ['INVENTORY']; pathlib.Path('tables').write_text('{rows}')"
DESCRIBED = f"""
name = "Items"
source = "here"
version = "1"
directory = "service"
command = [{json.dumps(sys.executable)}, "server.py", "{{port}}"]
tables = [{json.dumps(sys.executable)}, "tables.py"]

[env]
INVENTORY = "other+driver://{{address}}"

[read]
path = "/items/{{id}}"

[insert]
path = "/items"
body = '{{"name": "{{name}}", "price": 3}}'
"""


def described(directory: Path, text: str = DESCRIBED, *, rows: int = IDS) -> Path:
    """Write a service and its description, and return the latter."""
    service = directory / "service"
    service.mkdir()
    (service / "server.py").write_text(SERVER, encoding="utf-8")
    (service / "tables.py").write_text(TABLES.format(rows=rows), encoding="utf-8")
    file = directory / "items.toml"
    file.write_text(text, encoding="utf-8")
    return file


def load(file: Path) -> dict[str, int]:
    """Put load on what a file describes, and return the requests of each method."""
    peer, inn, log = read_peer(file), Inn(file.parent), file.parent / "log"
    inn.make_tables(peer, URL)
    with inn.guest(peer).start(URL, log) as server:
        plan = Plan(rounds=1, seconds=0.3)
        found = measure([server], find_generator(), plan, connections=4, advance=lambda _: None)
    return {method: rounds[0]["Items"].requests for method, rounds in found.items()}


@NEEDS_LOAD
def test_a_service_is_measured_by_its_own_paths_and_tables(tmp_path: Path) -> None:
    """It refuses ids that it does not have, and a name that it has: that would be no figure."""
    requests = load(described(tmp_path))
    assert {*requests} == {*find_generator().methods}
    assert all(number > 10 for number in requests.values())


@NEEDS_LOAD
def test_a_service_that_lacks_rows_leaves_no_figure(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"Items: .*requests failed"):
        load(described(tmp_path, rows=IDS // 2))


def test_tables_that_can_t_be_made_end_it_with_what_was_said(tmp_path: Path) -> None:
    file = described(tmp_path, DESCRIBED.replace("INVENTORY", "ANOTHER"))
    with pytest.raises(BenchmarkError, match=r"(?s)Items did not make its tables; .*INVENTORY"):
        Inn(tmp_path).make_tables(read_peer(file), URL)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "1"', "", "`version` is missing."),
        ('version = "1"', "version = 1", "`version` is 1, and has to be a str."),
        ('source = "here"', 'sauce = "here"\nsource = "here"', "there is no `sauce`."),
        ('"server.py"', "1", "`command` has 1, which is no text."),
        (json.dumps(sys.executable), '"{python}"', "with `requirements`, which is empty."),
        ("/items/{id}", "/items", "`read.path` has to be a text with {id} in it."),
        ("{name}", "again", "`insert.body` has to be a text with {name} in it."),
        ('[read]\npath = "/items/{id}"', "", "`read` and `insert` go together"),
        ("[env]", "[env", "is no TOML"),
    ],
)
def test_a_description_that_lacks_something_is_refused_in_a_sentence(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in DESCRIBED
    file = described(tmp_path, DESCRIBED.replace(old, new, 1))
    with pytest.raises(BenchmarkError) as refused:
        read_peer(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--peer", "nowhere.toml"], "nowhere.toml can't be read: No such file or directory."),
        (["--peer", "nowhere.toml", "--part", "bulk"], "not for bulk"),
        (["--peer", "nowhere.toml", "--document"], "--document takes the figures of all"),
        (["--part", "peers", "--quick", "--document"], "of no quick look"),
        (["--from", "nowhere.json"], "nowhere.json is no file that --json wrote, or lacks a part"),
    ],
)
def test_the_command_refuses_in_a_sentence(arguments: list[str], said: str) -> None:
    done = bench(*arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@NEEDS_LOAD
def test_two_services_of_one_name_are_refused(tmp_path: Path) -> None:
    file = described(tmp_path)
    done = bench("--peer", file, "--peer", file)
    assert done.returncode == 1
    assert done.stderr.startswith("benchmark: Two services are called 'Items'")


def test_an_earlier_run_is_shown_again() -> None:
    done = bench("--from", FIGURES, "--part", "workers")
    assert done.returncode == 0, done.stderr
    assert "FastAPI, two workers against one (POST)" in done.stdout


def test_the_page_s_example_is_a_description(tmp_path: Path) -> None:
    page = (TEMPLATE / "docs" / "performance.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert example
    file = tmp_path / "inventory.toml"
    file.write_text(example[1], encoding="utf-8")
    peer = read_peer(file)
    assert peer.directory == tmp_path.parent / "inventory"
    assert peer.routes.path(7) == "/items/7"


@pytest.mark.parametrize("file", BUILT_IN, ids=lambda file: file.stem)
def test_a_documented_peer_says_where_it_was_read(file: Path) -> None:
    peer = read_peer(file)
    told = ast.get_docstring(ast.parse(file.with_suffix(".py").read_text(encoding="utf-8")))
    assert told
    commit, _, date = peer.version.partition(" of ")
    for it in (peer.source, commit, date, "Written by us from reading, not their code."):
        assert it in told.replace("\n", " ")
    for part in {"peers", "peer_instructions"} & FOUND.keys():
        assert FOUND[part]["about"][peer.name]["version"] == peer.version


@pytest.mark.projects
@pytest.mark.full
@NEEDS_LOAD
def test_the_command_compares_a_service_with_a_project(tmp_path: Path) -> None:
    file, figures = described(tmp_path), tmp_path / "figures.json"
    parts = ["--part", "peers", "--part", "peer_round_trips"]
    options = ["--quick", *parts, "--driver", "asyncpg", "--framework", "fastapi"]
    done = bench(*options, "--peer", file, "--json", figures)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text(encoding="utf-8"))["parts"]
    wire, found = found["peer_round_trips"], found["peers"]
    assert found["GET"].keys() == {"floor", "FastAPI, asyncpg", "Items"}
    assert found["GET"]["Items"]["ours"]["FastAPI, asyncpg"]["median"] > 0
    assert wire["FastAPI, asyncpg"] == {
        "round_trips": {"GET": 1, "POST": 3},
        "connections_per_request": 0,
    }
    assert wire["Items"]["round_trips"] == {"GET": 0, "POST": 0}


@pytest.mark.projects
@pytest.mark.full  # it installs what they require
@pytest.mark.parametrize("file", BUILT_IN, ids=lambda file: file.stem)
def test_a_documented_peer_takes_the_round_trips_of_the_table(
    file: Path, installed: Callable[..., Project], tmp_path: Path
) -> None:
    peer, inn, numbers = read_peer(file), Inn(tmp_path), count()
    tmp_path.chmod(0o755)
    figures = FOUND["peer_round_trips"]
    with (
        seeded(installed(("asyncpg", "fastapi")), tmp_path, rows=100) as url,
        postgres_proxy(url) as proxy,
        inn.guest(peer).start(proxy.url, tmp_path / "log") as server,
    ):
        ensure_the_same_answers([server])
        for method, request in METHODS.items():
            send = request(numbers, server.routes)
            found = round_trips(server.url, send, proxy.counts)
            assert found == pytest.approx(figures[peer.name]["round_trips"][method])
