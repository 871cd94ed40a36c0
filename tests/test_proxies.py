"""Services behind proxies: below a path prefix, and with forwarded headers, true and forged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from bake import ANSWERS, WEB_FRAMEWORKS, choices
from contract import COMPANIES
from observer import wait_until
from projects import Copy, Project, Service, Variant, each, migrated_database, serving
from raw_http import exchange
from stripping_proxy import stripping_proxy
from websockets.sync.client import connect

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
USUAL: list[Variant] = [(DRIVER, framework) for framework in WEB_FRAMEWORKS]
ON_REQUEST: list[Variant] = [
    (DRIVER, framework, server)
    for framework in WEB_FRAMEWORKS
    if ANSWERS["_frameworks"][framework]["server"] == "asgi"
    for server in choices("server")[1:]
]
OWNER = Path(__file__).parent / "owners" / "proxied"
BEFORE = {
    "fastapi": "    complete(app, settings)",
    "litestar": "    complete(app, settings)",
    "starlette": "    complete(app, settings)",
    "quart": "    app.register_blueprint(companies",
    "aiohttp": "    app.cleanup_ctx",
    "sanic": "    app.blueprint(companies",
}
PREFIX = "/crm"
SLASHES = {"fastapi", "starlette", "quart", "aiohttp"}
"""What redirects to a path with a slash at its end."""
HOST = "service.example"
CLIENT = "203.0.113.7"
PROXY = "127.0.0.1"


@dataclass(frozen=True)
class Behind:
    """A service below the prefix."""

    framework: str
    trusting: Service
    """It trusts this machine, and 10.0.0.0/8."""
    wary: Service
    """It trusts 10.0.0.0/8, and has no prefix."""
    stripping: str
    """The URL of a proxy in front of the first, which removes the prefix."""
    client: httpx2.Client

    def get(self, url: str) -> httpx2.Response:
        """Return what is answered."""
        return self.client.get(url, headers={"Host": HOST})

    def through(self) -> list[str]:
        """Return the URLs of the service, with the prefix, through each kind of proxy."""
        return [f"{self.stripping}{PREFIX}", f"{self.trusting.url}{PREFIX}"]


@pytest.fixture(scope="module", params=each([*USUAL, *ON_REQUEST], usual=USUAL))
def behind(
    request: pytest.FixtureRequest,
    installed: Callable[[Variant], Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Behind]:
    """Yield the services of an owner whose routes tell what they see."""
    directory, framework = tmp_path_factory.mktemp("behind"), request.param[1]
    project = Copy.of(installed(request.param), directory)
    source = (OWNER / f"{framework}.py").read_text(encoding="utf-8")
    (project.path / "app" / "seen.py").write_text(source, encoding="utf-8")
    before = BEFORE[framework]
    project.replace("app/main.py", before, f"    seen.install(app)\n{before}")
    first = "from app.companies.routes"
    project.replace("app/main.py", first, f"from app import seen\n{first}")
    with ExitStack() as stack:
        url = stack.enter_context(migrated_database(project, directory))
        # What some of the servers and frameworks would read.
        env = {"DATABASE_URL": url, "FORWARDED_ALLOW_IPS": "*", "SANIC_PROXIES_COUNT": "1"}
        trusting = stack.enter_context(
            serving(
                project,
                directory / "trusting",
                APP_ROOT_PATH=PREFIX,
                APP_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8",
                **env,
            )
        )
        wary = stack.enter_context(
            serving(project, directory / "wary", APP_TRUSTED_PROXIES="10.0.0.0/8", **env)
        )
        stripping = stack.enter_context(stripping_proxy(trusting.url, PREFIX))
        # The proxy takes one request of each connection.
        client = stack.enter_context(httpx2.Client(headers={"Connection": "close"}))
        yield Behind(framework, trusting, wary, stripping, client)


def test_locations_have_the_prefix(behind: Behind) -> None:
    for number, base in enumerate(behind.through()):
        company = {"name": f"Acme {number}", "industry": "Anvils"}
        created = behind.client.post(f"{base}{COMPANIES}", json=company)
        assert created.status_code == 201, base
        path = f"{COMPANIES}/{created.json()['id']}"
        assert created.headers["Location"] == f"{PREFIX}{path}", base
        assert behind.get(f"{base}{path}").json()["name"] == company["name"], base
        assert behind.get(f"{base}{COMPANIES}/export").status_code == 200, base
        contact = {"name": "Ines", "email": f"ines{number}@example.com"}
        created = behind.client.post(f"{base}{path}/customers", json=contact)
        assert created.headers["Location"].startswith(f"{PREFIX}/api/v1/customers/"), base
        missing = behind.get(f"{base}{COMPANIES}/4711")
        assert missing.headers["Content-Type"] == "application/problem+json", base
        assert behind.client.head(f"{base}{path}").status_code == 200, base


def test_probes_need_no_prefix(behind: Behind) -> None:
    for base in [*behind.through(), behind.trusting.url, behind.wary.url]:
        assert behind.get(f"{base}/health").json() == {"status": "ok"}, base
        assert behind.get(f"{base}/ready").json() == {"status": "ready"}, base


def test_other_paths_are_not_below_the_prefix(behind: Behind) -> None:
    for path in (f"{PREFIX}x{COMPANIES}", f"{PREFIX}{PREFIX}{COMPANIES}", f"/x{PREFIX}{COMPANIES}"):
        assert "items" not in behind.get(behind.trusting.url + path).text, path
    # Not even if the rest would be a path.
    assert "client" not in behind.get(f"{behind.trusting.url}{PREFIX}seen/").text
    assert "items" not in behind.get(f"{behind.wary.url}{PREFIX}{COMPANIES}").text


def test_documents_name_the_prefix(behind: Behind) -> None:
    row = ANSWERS["_frameworks"][behind.framework]
    if not (path := row.get("openapi_path")):
        pytest.skip(f"{row['label']} has no OpenAPI document here.")
    for base in behind.through():
        document = behind.get(f"{base}{path}").json()
        assert [server["url"] for server in document["servers"]] == [PREFIX]
        assert COMPANIES in document["paths"]
        # Litestar's first page holds the document itself.
        page = "/schema/rapidoc" if behind.framework == "litestar" else row["docs_path"]
        assert f"{PREFIX}{path}" in behind.get(f"{base}{page}").text
    document = behind.get(f"{behind.wary.url}{path}").json()
    assert [server["url"] for server in document.get("servers", [{"url": "/"}])] == ["/"]


def test_redirects_lead_to_the_client_s_url(behind: Behind) -> None:
    if behind.framework not in SLASHES:
        pytest.skip(f"{behind.framework} redirects nobody by itself.")
    for base, scheme in zip(behind.through(), ("https", "http"), strict=True):
        answer = behind.get(f"{base}/seen")
        assert answer.status_code in {301, 307, 308}, base
        path = f"{PREFIX}/seen/"
        assert answer.headers["Location"] in {f"{scheme}://{HOST}{path}", path}, base


def test_no_path_leads_to_another_host(behind: Behind) -> None:
    for service in (behind.trusting, behind.wary):
        for path in (
            "//evil.example",
            "//evil.example/a",
            "//evil.example/%2e%2e",
            f"{PREFIX}//evil.example",
            f"{PREFIX}//evil.example/a",
            f"//evil.example{PREFIX}/a",
            "/%2f/evil.example",
            "/%5cevil.example",
        ):
            head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
            answer = exchange(service.url, head.encode()).decode("latin-1").lower()
            assert answer.startswith("http/1.1 "), path
            assert " 500 " not in answer.partition("\r\n")[0], path
            for line in answer.partition("\r\n\r\n")[0].splitlines():
                if line.startswith("location:"):
                    where = urlsplit(line.partition(":")[2].strip().replace("\\", "/"))
                    assert where.netloc in {"", HOST}, (path, line)


FORWARDED = [
    ({}, PROXY, "http"),
    ({"For": CLIENT}, CLIENT, "http"),
    ({"For": CLIENT, "Proto": "https"}, CLIENT, "https"),
    ({"Proto": "wss"}, PROXY, "https"),
    ({"For": f"198.51.100.1, {CLIENT}, 10.1.2.3"}, CLIENT, "http"),
    ({"For": "10.1.2.3,10.3.2.1"}, "10.1.2.3", "http"),
    ({"For": f"{CLIENT}:4711"}, CLIENT, "http"),
    ({"For": "[2001:DB8::1]:443"}, "2001:db8::1", "http"),
    ({"For": f"::ffff:{CLIENT}"}, CLIENT, "http"),
    ({"For": "unknown, 10.1.2.3"}, "10.1.2.3", "http"),
    ({"For": f"{CLIENT}, <script>"}, PROXY, "http"),
    ({"For": "fe80::1%<script>"}, "fe80::1", "http"),
    ({"For": ",,\xff,", "Proto": "javascript"}, PROXY, "http"),
    ({"For": "1" * 4_000, "Proto": "https, http"}, PROXY, "http"),
    ({"Host": "evil.example", "Prefix": "/evil", "Port": "1", "Path": "/"}, PROXY, "http"),
]


def test_trusted_proxies_say_who_asks(behind: Behind) -> None:
    for said, client, scheme in FORWARDED:
        headers = [
            (f"X-Forwarded-{name}".encode(), it.encode("latin-1")) for name, it in said.items()
        ]
        headers += [(b"Host", HOST.encode()), (b"Forwarded", b"for=192.0.2.1;proto=https")]
        headers += [(b"X-Real-IP", b"192.0.2.2")]
        seen = behind.client.get(f"{behind.trusting.url}/seen/", headers=headers).json()
        assert seen["client"].strip("[]") == client, said
        assert seen["scheme"] == scheme, said
        assert seen["host"] == HOST, said
        assert seen["url"].rstrip("/") == f"{scheme}://{HOST}{PREFIX}/seen", said
        # Somebody else says the same.
        seen = behind.client.get(f"{behind.wary.url}/seen/", headers=headers).json()
        assert (seen["client"], seen["scheme"], seen["host"]) == (PROXY, "http", HOST), said
        assert seen["url"].rstrip("/") == f"http://{HOST}/seen"


def test_several_headers_are_one(behind: Behind) -> None:
    headers = [("X-Forwarded-For", CLIENT), ("X-Forwarded-For", "10.1.2.3")]
    seen = behind.client.get(f"{behind.trusting.url}/seen/", headers=headers).json()
    assert seen["client"] == CLIENT


def test_websockets(behind: Behind) -> None:
    said = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}
    stripped, kept = behind.through()
    for base, headers in ((stripped, {"X-Forwarded-For": CLIENT}), (kept, said)):
        url = f"ws{base.removeprefix('http')}/seen/socket"
        with connect(url, proxy=None, additional_headers=headers) as socket:
            seen = json.loads(socket.recv())
        assert (seen["client"], seen["scheme"].replace("ws", "http")) == (CLIENT, "https"), base
    url = f"ws{behind.wary.url.removeprefix('http')}/seen/socket"
    with connect(url, proxy=None, additional_headers=said) as socket:
        seen = json.loads(socket.recv())
    assert (seen["client"], seen["scheme"].replace("ws", "http")) == (PROXY, "http")


def test_the_log_has_the_public_path(behind: Behind) -> None:
    log = behind.trusting.log
    for number, base in enumerate([*behind.through(), behind.trusting.url]):
        assert behind.get(f"{base}{COMPANIES}/9000{number}").status_code == 404
        # A line is written when its request is over, which the client may notice before.
        line = f"GET {PREFIX}{COMPANIES}/9000{number} 404"
        wait_until(lambda line=line: line in log.read_text(encoding="utf-8"), why=log.read_text)
        assert behind.get(f"{base}/seen/fail").status_code == 500
        said = behind.trusting.written()
        assert said.count(f"GET {PREFIX}/seen/fail failed") == number + 1


REFUSED = {
    "app_root_path": [
        *(
            "/",
            "crm",
            "/crm/",
            "//crm",
            "/crm//x",
            "/a?b",
            "/a#b",
            "/größe",
            "/%63rm",
            "/..",
            "/a/.",
        ),
        *(
            "https://example.com/crm",
            "//evil.example",
            "/a b",
            "/a\n",
            "/api",
            "/api/v1",
            "/health",
        ),
    ],
    "app_trusted_proxies": ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1;::1"],
}
TAKEN = {
    "app_root_path": ["", "/crm", "/api/crm", "/apix", "/a.b/c-d/e_f/~g", "/..."],
    "app_trusted_proxies": ["", "127.0.0.1", " 10.0.0.0/8 , ::1,fd00::/8,"],
}
CHECK = """
import json, sys
from app.kit.commands.command_error import CommandError
from app.kit.commands.settings import read_settings
from app.settings import Settings
said = {}
for name, values in json.loads(sys.argv[1]).items():
    for value in values:
        try:
            read_settings(Settings, {name: value})
            said[f"{name}={value}"] = ""
        except CommandError as error:
            said[f"{name}={value}"] = str(error)
print(json.dumps(said))
"""


def test_a_wrong_setting_is_one_sentence(installed: Callable[[Variant], Project]) -> None:
    project = installed(USUAL[0])
    for values, are_refused in ((REFUSED, True), (TAKEN, False)):
        told = json.loads(project.succeed(project.python, "-c", CHECK, json.dumps(values)))
        for setting, sentence in told.items():
            assert bool(sentence) is are_refused, setting
            if are_refused:
                assert sentence.startswith(f"{setting.partition('=')[0].upper()}: "), setting
                assert "\n" not in sentence, setting
