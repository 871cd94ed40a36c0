"""What no honest client sends: one table of requests, and what each may be answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from support.http.contract import COMPANIES, CUSTOMERS, MAX_ID

REFUSED = frozenset({0, *range(400, 500)})
"""A client's mistake, or 0: the service hung up without a word."""
NOT_DONE = frozenset({404, 405, 422})
"""What the framework says of a path or a value that it was given."""

SQL = [
    "'; DROP TABLE companies; --",
    '" OR 1=1 --',
    "' OR ''='",
    "Robert'); DELETE FROM companies; --",
    "%s %(name)s %d %",
    ":name :1 ? $1 ${name} {name} {{name}}",
    "\\ \\' \\\" \\0 \\x00",
    "/* */ -- # ; `companies`",
    "'||pg_sleep(60)||'",
    "LIKE '%_%' ESCAPE '!'",
    "NULL",
    "\u2019; DROP TABLE companies; --",
    "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b",
]
"""What a statement would mean something else with, were it put together from text."""

IDS = [
    "0",
    "-1",
    "-9223372036854775809",
    str(MAX_ID + 1),
    str(2**64),
    "9" * 5_000,
    "7e0",
    "7.0",
    "0x7",
    "+7",
    "1_0",
    "%D9%A7",  # an Arabic 7
    "%EF%BC%97",  # a fullwidth 7
    "%C2%B2",  # a superscript 2
    "%20",
    "7%20",
    "7%0a",
    "7%00",
    "%00",
    "%ff",
    "%ed%a0%80",
    "%",
    "%zz",
    "7;1",
    "7%27--",
    "7%2f7",
    "..",
    "%2e%2e",
    "null",
    "true",
    "NaN",
]

PATHS = [
    "//",
    "//api/v1/companies",
    f"{COMPANIES}//",
    f"{COMPANIES}/../../../etc/passwd",
    f"{COMPANIES}/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/%2e%2e/%2e%2e/app/config.py",
    "/..%2f..%2f.env",
    "/.env",
    "/.git/config",
    "/%00",
    "/\\..\\..\\.env",
    "/static/../app/main.py",
    f"{COMPANIES}%00",
    f"{COMPANIES}%0d%0aSet-Cookie:%20a=b",
    f"{COMPANIES}/%F0%9F%8F%AD",
    "/%ff%fe",
    "/api/v1/" + "a/" * 2_000,
    "*",
    "health",
    "http://service/nothing",
    "http://elsewhere.example/api/v1/nothing",
    "http://[::1/nothing",
    "http://%00/nothing",
    "https://user:secret@elsewhere.example:1/nothing",
]

QUERIES = [
    "limit=1&limit=x",
    "limit=%00",
    "limit=%ff",
    "limit=1%27--",
    "limit=9" + "9" * 5_000,
    "limit=NaN",
    "limit=1e2",
    "limit=-0.5",
    "after=%D9%A1x",
    "after=\\",
    "%00=1",
    "%ff=1",
    "a" * 4_000,
    "&".join(f"a{number}=1" for number in range(2_000)),
    "[]=1&limit[]=1",
    "__proto__=1",
]

BODIES = {
    "a NUL": b'{"name": "a\\u0000b", "industry": "x"}',
    "a bare NUL": b'{"name": "a\x00b", "industry": "x"}',
    "a NUL in a key": b'{"name": "a", "industry": "x", "\\u0000": 1}',
    "half a character": b'{"name": "\\ud800", "industry": "x"}',
    "the other half": b'{"name": "\\udfff x", "industry": "x"}',
    "half a character as a key": b'{"\\ud800": "a", "name": "a", "industry": "x"}',
    "half a character in UTF-8": b'{"name": "\xed\xa0\x80", "industry": "x"}',
    "overlong UTF-8": b'{"name": "\xc0\x80", "industry": "x"}',
    "no UTF-8": b'{"name": "\xff", "industry": "x"}',
    "UTF-16": '{"name": "a", "industry": "x", "b": 1}'.encode("utf-16"),
    "UTF-32": '{"name": "a", "industry": "x", "b": 1}'.encode("utf-32"),
    "a deep list": b"[" * 100_000,
    "a deep list that ends": b"[" * 100_000 + b"]" * 100_000,
    "a deep object": b'{"name":' * 100_000,
    "a deep value": b'{"industry": "x", "name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a deep unknown value": b'{"name": "a", "industry": "x", "z": '
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}",
    "a long number": b'{"industry": "x", "name": ' + b"9" * 100_000 + b"}",
    "a large exponent": b'{"industry": "x", "name": 1e999999999}',
    "a long fraction": b'{"industry": "x", "name": 0.' + b"1" * 100_000 + b"}",
    "NaN": b'{"industry": "x", "name": NaN}',
    "Infinity": b'{"industry": "x", "name": -Infinity}',
    "an unknown NaN": b'{"name": "a", "industry": "x", "z": NaN}',
    "many keys": json.dumps({f"key {number}": number for number in range(20_000)}).encode(),
    "a key twice, the last wrong": b'{"name": "a", "industry": "x", "name": 1}',
    "two documents": b'{"name": "a", "industry": "x"}{"name": "b", "industry": "x"}',
    "a comment": b'{"name": "a", /* x */ "industry": "x"}',
    "a trailing comma": b'{"name": "a", "industry": "x",}',
    "single quotes": b"{'name': 'a', 'industry': 'x'}",
    "only blanks": b" " * 100_000,
    "a form": b"name=a&industry=x",
    "XML": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "pickle": b"cos\nsystem\n(S'true'\ntR.",
    "__proto__": b'{"name": "a", "industry": "x", "__proto__": {"id": 1}}',
    "an id": b'{"id": 1, "name": "a", "industry": "x"}',
    "a text that is too long": b'{"name": "' + b"x" * 100_000 + b'", "industry": "x"}',
}

CONTENT_TYPES = [
    "",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 3_000,
    "application/x-www-form-urlencoded",
    "application/+jsonx",
    "text/x+json",
    "application/xml",
    "application",
    "/",
    ";",
    "application/json/json",
    "text/json; application/json",
]


@dataclass(frozen=True)
class Attack:
    """Bytes that go over a connection of their own."""

    name: str
    content: bytes
    statuses: frozenset[int] = REFUSED
    """What the first answer may be."""
    seen: bool = False
    """Whether the framework gets to see it, and so tells what is wrong in a problem document."""


def raw(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request, as it is written here, after which the connection is to be closed.

    But if more hides in its body: that must find an open connection.
    """
    lines = [f"{method} {target} HTTP/1.1", "Host: service", *headers]
    if SMUGGLED not in body:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def post(target: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
    """Return a request with a body that is announced as JSON, unless `headers` say what it is."""
    if not any(header.startswith("Content-Type:") for header in headers):
        headers = ("Content-Type: application/json", *headers)
    return raw(method, target, *headers, f"Content-Length: {len(body)}", body=body)


def attacks() -> Iterator[Attack]:
    """Yield what a framework has to refuse, and after it what a server has to."""
    yield from _values()
    yield from _targets()
    yield from _headers()
    yield from _framing()


def _values() -> Iterator[Attack]:
    invalid = frozenset({422})
    for name, body in BODIES.items():
        yield Attack(f"body: {name}", post(COMPANIES, body), invalid, seen=True)
        path = f"{COMPANIES}/1"
        yield Attack(f"PATCH: {name}", post(path, body, method="PATCH"), NOT_DONE, seen=True)
        path = f"{COMPANIES}/1/customers"
        yield Attack(f"customer: {name}", post(path, body), NOT_DONE, seen=True)
    for content_type in CONTENT_TYPES:
        body = b'{"name": "Of a wrong type", "industry": "x"}'
        content = post(COMPANIES, body, f"Content-Type: {content_type}")
        yield Attack(f"content type: {content_type:.60}", content, invalid, seen=True)
    for query in QUERIES:
        # Which of two counts, each framework decides; and by JSON Schema 1e2 is an integer.
        statuses = REFUSED | ({200} if query in {"limit=1&limit=x", "limit=1e2"} else set())
        yield Attack(f"query: {query:.40}", raw("GET", f"{COMPANIES}?{query}"), statuses)


def _targets() -> Iterator[Attack]:
    for id_ in IDS:
        for path in (COMPANIES, CUSTOMERS):
            yield Attack(f"{path}/{id_:.30}", raw("GET", f"{path}/{id_}"))
            yield Attack(f"DELETE {path}/{id_:.30}", raw("DELETE", f"{path}/{id_}"))
    # Some frameworks answer a doubled or a last slash with where the thing is.
    elsewhere = REFUSED | {301, 307, 308}
    for path in PATHS:
        yield Attack(f"path: {path:.60}", raw("GET", path), elsewhere | {200})
        yield Attack(f"POST to {path:.60}", post(path, b"{}"), elsewhere)
    for method in ("TRACE", "CONNECT", "PROPFIND", "A" * 1_000, "G\x00T", "GET\t", "\xe9"):
        yield Attack(f"method: {method!r:.30}", raw(method, COMPANIES))
    # hypercorn takes it for GET.
    yield Attack("method: get", raw("get", COMPANIES), REFUSED | {200})


def _headers() -> Iterator[Attack]:
    # Harmless as long as it is not kept: a server may read it, up to some length.
    served = REFUSED | {200}
    for name, headers in {
        "many headers": [f"X-{number}: x" for number in range(20_000)],
        "a giant header": ["X-Giant: " + "x" * 5_000_000],
        "a giant name": ["X" * 5_000_000 + ": x"],
        "a NUL in a header": ["X-Nul: a\x00b"],
        "a control character in a header": ["X-Control: a\x01b"],
        "no UTF-8 in a header": ["X-Latin: \xff\xfe"],
        "no name": [": x"],
        "no colon": ["nonsense"],
        "a space before the colon": ["X-Space : x"],
        "a folded line": ["X-Folded: a", " b"],
        "a second host": ["Host: other"],
        "a websocket": [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
        "an expectation": ["Expect: 200-nonsense"],
        "a range": ["Range: bytes=" + ",".join(f"{n}-{n + 1}" for n in range(500))],
        "a cookie that is none": ["Cookie: " + "=;" * 3_000],
        "an address that is none": ["X-Forwarded-For: '; DROP TABLE companies; --"],
        "a scheme that is none": ["X-Forwarded-Proto: javascript"],
        "an encoding that is none": ["Accept-Encoding: " + "gzip;q=x," * 500],
    }.items():
        yield Attack(f"header: {name}", raw("GET", "/health", *headers), served)
    # hypercorn speaks HTTP/2 without TLS, to who asks for it: what it says then has a frame.
    upgrade = ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    yield Attack("header: an upgrade", raw("GET", "/health", *upgrade), served | {101})
    yield Attack("a giant target", raw("GET", "/" + "a" * 5_000_000))
    yield Attack("a giant query", raw("GET", f"{COMPANIES}?a=" + "a" * 5_000_000))
    yield Attack("a giant method", b"A" * 5_000_000 + b" / HTTP/1.1\r\n\r\n")
    for name, line in {
        "no version": "GET /health",
        "HTTP/0.9": "GET /nothing",
        "HTTP/9.9": "GET /health HTTP/9.9",
        "HTTP/1.1.1": "GET /health HTTP/1.1.1",
        "two spaces": "GET  /nothing HTTP/1.1",
        "a tab": "GET\t/health\tHTTP/1.1",
        "nothing": "",
    }.items():
        content = f"{line}\r\nHost: service\r\nConnection: close\r\n\r\n".encode()
        # 505 says of a version what it has to (RFC 9110, 15.6.6).
        yield Attack(f"request line: {name}", content, served | {505})
    yield Attack("no host", b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", served)
    yield Attack("TLS", bytes.fromhex("16030100c8010000c40303") + b"\x00" * 200)
    yield Attack("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9, REFUSED | {505})
    yield Attack("a program", b"\x00\xff\x7fELF" * 100 + b"\r\n\r\n")


SMUGGLED = b"DELETE /api/v1/companies/1 HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"
"""What must never be taken for a request: a company of this id is there."""
CHUNKED = "Transfer-Encoding: chunked"
ENDED = b"0\r\n\r\n"


def _framing() -> Iterator[Attack]:
    both = [CHUNKED, f"Content-Length: {len(ENDED + SMUGGLED)}"]
    length = f"Content-Length: {len(SMUGGLED)}"
    for name, headers, body in (
        ("both", both, ENDED + SMUGGLED),
        ("both, the length first", both[::-1], ENDED + SMUGGLED),
        ("two lengths", [length, "Content-Length: 0"], SMUGGLED),
        ("two lengths, the short one first", ["Content-Length: 0", length], SMUGGLED),
        ("a list of lengths", [f"{length}, 0"], SMUGGLED),
        ("a signed length", ["Content-Length: +0"], SMUGGLED),
        ("a negative length", ["Content-Length: -1"], SMUGGLED),
        ("a length in hexadecimal", ["Content-Length: 0x0"], SMUGGLED),
        ("a length with an underscore", ["Content-Length: 0_0"], SMUGGLED),
        ("a length in other digits", ["Content-Length: \xb2"], SMUGGLED),
        ("a length beyond all", ["Content-Length: " + "9" * 100], SMUGGLED),
        ("a length before a space", ["Content-Length : 0"], SMUGGLED),
        ("no length", ["Content-Length: "], SMUGGLED),
        ("chunked, twice", [CHUNKED, CHUNKED], ENDED + SMUGGLED),
        ("chunked, and then not", ["Transfer-Encoding: chunked, identity"], ENDED + SMUGGLED),
        ("chunked, misspelled", ["Transfer-Encoding: xchunked", length], SMUGGLED),
        ("chunked, after a tab", ["Transfer-Encoding:\x0bchunked", length], SMUGGLED),
        ("chunked, before a space", ["Transfer-Encoding : chunked", length], ENDED + SMUGGLED),
        ("chunked, in a folded line", ["X: x", f" {CHUNKED}", length], SMUGGLED),
        ("a chunk of a negative size", [CHUNKED], b"-1\r\n" + SMUGGLED),
        ("a chunk of a size in hexadecimal", [CHUNKED], b"0x0\r\n\r\n" + SMUGGLED),
        ("a chunk of no size", [CHUNKED], b"\r\n\r\n" + SMUGGLED),
        ("a chunk beyond all", [CHUNKED], b"f" * 100 + b"\r\n" + SMUGGLED),
        ("a chunk that is longer than it says", [CHUNKED], b"1\r\nabc\r\n0\r\n\r\n" + SMUGGLED),
        ("a chunk with a bare line feed", [CHUNKED], b"0\n\n" + SMUGGLED),
        ("a chunk with a giant extension", [CHUNKED], b"1;" + b"x" * 5_000_000),
        ("a giant trailer", [CHUNKED], b"0\r\nX: " + b"x" * 5_000_000),
    ):
        # To a path that has nothing, so that the first answer is no success.
        content = raw("POST", "/nothing", *headers, body=body)
        yield Attack(f"framing: {name}", content, REFUSED | {501})
    bare = raw("POST", "/nothing", CHUNKED, body=SMUGGLED)
    yield Attack("framing: bare line feeds", bare.replace(b"\r\n", b"\n"))
    yield Attack("framing: bare carriage returns", bare.replace(b"\r\n", b"\r"))
    hidden = raw("GET", "/nothing", f"X: x\n{length}", body=SMUGGLED)
    yield Attack("framing: a length behind a line feed", hidden)
