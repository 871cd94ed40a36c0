"""The HTTP contract that every render keeps: one table of requests and answers."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

COMPANIES = "/api/v1/companies"
CUSTOMERS = "/api/v1/customers"
PROBLEM = "application/problem+json"
MAX_ID = 2**63 - 1
MAX_PROBLEM = 8192
"""Bytes of a problem document, whatever was sent."""


@dataclass(frozen=True)
class Step:
    """A request and what must be answered. `{name}` stands for what a step before saved."""

    method: str
    path: str
    status: int
    body: Any = None
    """Sent as JSON; bytes are sent as they are."""
    content_type: str = "application/json"
    """Of the body, if there is one."""
    answer: Any = None
    """The JSON that is answered, or a function that raises AssertionError about it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the answer's headers must be; `{name}` as in the path. `Allow` without OPTIONS, which
    some frameworks answer by themselves."""
    save: str = ""
    """The name under which the answer's id, or the cursor of the next page, is kept."""


def a_moment(text: str) -> None:
    assert datetime.fromisoformat(text).utcoffset() is not None, text


def a_company(name: str, industry: str) -> Callable[[Any], None]:
    def check(company: Any) -> None:
        assert company.keys() == {"id", "name", "industry", "created_at", "updated_at"}
        assert (company["name"], company["industry"]) == (name, industry)
        a_moment(company["created_at"])
        a_moment(company["updated_at"])

    return check


def a_customer(
    name: str,
    email: str,
    stage: str = "active",
    credit: str = "0.00",
    company: Callable[[Any], None] | None = None,
) -> Callable[[Any], None]:
    def check(customer: Any) -> None:
        given = {"name": name, "email": email, "stage": stage, "credit": credit}
        others = {"id", "company_id", "created_at", *(["company"] if company else [])}
        assert customer.keys() == given.keys() | others
        assert customer.items() >= given.items()
        a_moment(customer["created_at"])
        if company:
            company(customer["company"])
            assert customer["company"]["id"] == customer["company_id"]

    return check


def a_page(*names: str, more: bool) -> Callable[[Any], None]:
    def check(page: Any) -> None:
        assert page.keys() == {"items", "next"}
        assert [item["name"] for item in page["items"]] == [*names]
        assert isinstance(page["next"], str) if more else page["next"] is None

    return check


def lines_of(*names: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        assert [json.loads(line)["name"] for line in text.splitlines()] == [*names]

    return check


ACME = {"name": "Acme", "industry": "Anvils"}
EMOJI = {"name": "Żółć 🏭 \"quoted\" \\ '%s' $1;--", "industry": "日本語"}
INES: dict[str, Any] = {"name": "Ines", "email": "ines@example.com"}
ADA: dict[str, Any] = {
    "name": "Ada",
    "email": "a@b",
    "stage": "prospect",
    "credit": "9999999999.99",
}
LONG = "x" * 120
NDJSON = {"Content-Type": "application/x-ndjson"}
INK = a_company("Acme", "Ink")

BROKEN_BODIES = [
    b"",
    b"{",
    b'"text"',
    b"null",
    b"[]",
    b"\xff",
    b'{"name": "\xff", "industry": "Not UTF-8"}',
    b'{"name": "\\ud800", "industry": "Half a character"}',
    b'{"name": "Line\nbreak", "industry": "Bare"}',
    b'{"name": NaN, "industry": "Not JSON"}',
    b'{"name": "More", "industry": "than JSON"}]',
    b'{"name": ' + b"9" * 10_000 + b', "industry": "Numbers"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
]

# What is repeated, or told of each part, would make large answers.
UNKNOWN_KEYS = b"{" + b",".join(b'"%06d":1' % number for number in range(90_000)) + b"}"
MANY_PARAMETERS = "&".join(f"{number}=x" for number in range(1_000))
LONG_PATH = "%F0%9F%8F%AD" * 500

NO_TEXTS: list[object] = ["", "  ", "\x00", "a\x00", "x" * 121, None, 1, [], {}]
NO_STAGES: list[object] = ["", "customer", "ACTIVE", "active ", None, 1, []]
NO_AMOUNTS: list[object] = [
    *("0.001", "10000000000.00", "-1.00", "1", "1.5", "01.00", "1e2", "NaN", "", " 1.00", "1.00\n"),
    *("\u0661.00", None, 1, 1.25, []),
]


def a_cursor(*values: object) -> str:
    """Return a cursor that a client has made up."""
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


NO_CURSORS = [
    *("0", "-1", "x", "%00", "%C3%A9", "=", MAX_ID + 1, "9" * 1_000),
    *(a_cursor(), a_cursor("x"), a_cursor(1, 2, 3), a_cursor([1]), a_cursor(None)),
    *(a_cursor(MAX_ID + 1), a_cursor("\x00", 1), a_cursor("x", MAX_ID + 1), a_cursor("\ud800", 1)),
]
CONTRACT = [
    Step("GET", "/health", 200, answer={"status": "ok"}),
    Step("GET", "/ready", 200, answer={"status": "ready"}),
    Step("GET", COMPANIES, 200, answer={"items": [], "next": None}),
    Step("GET", f"{COMPANIES}/export", 200, answer=lines_of(), headers=NDJSON),
    # Companies.
    Step(
        "POST",
        COMPANIES,
        201,
        ACME,
        answer=a_company(**ACME),
        headers={"Location": f"{COMPANIES}/{{acme}}", "Content-Type": "application/json"},
        save="acme",
    ),
    Step("GET", f"{COMPANIES}/{{acme}}", 200, answer=a_company(**ACME)),
    Step("POST", COMPANIES, 409, ACME),
    Step("POST", COMPANIES, 201, EMOJI, answer=a_company(**EMOJI), save="emoji"),
    Step("POST", COMPANIES, 201, {"name": LONG, "industry": LONG}, save="long"),
    Step("PATCH", f"{COMPANIES}/{{acme}}", 200, {"industry": "Ink"}, answer=INK),
    Step("PATCH", f"{COMPANIES}/{{acme}}", 200, {}, answer=INK),
    Step("PATCH", f"{COMPANIES}/{{emoji}}", 409, {"name": "Acme"}),
    Step(
        "GET",
        f"{COMPANIES}?limit=2",
        200,
        answer=a_page("Acme", EMOJI["name"], more=True),
        save="end",
    ),
    Step("GET", f"{COMPANIES}?limit=2&after={{end}}", 200, answer=a_page(LONG, more=False)),
    Step("GET", f"{COMPANIES}?after=", 200, answer=a_page("Acme", EMOJI["name"], LONG, more=False)),
    Step("GET", COMPANIES, 200, answer=a_page("Acme", EMOJI["name"], LONG, more=False)),
    Step(
        "GET",
        f"{COMPANIES}/export",
        200,
        answer=lines_of("Acme", EMOJI["name"], LONG),
        headers=NDJSON,
    ),
    # Customers.
    Step("GET", f"{COMPANIES}/{{acme}}/customers", 200, answer={"items": [], "next": None}),
    Step(
        "POST",
        f"{COMPANIES}/{{acme}}/customers",
        201,
        INES,
        answer=a_customer(**INES),
        headers={"Location": f"{CUSTOMERS}/{{ines}}"},
        save="ines",
    ),
    Step("POST", f"{COMPANIES}/{{acme}}/customers", 201, INES, save="twin"),
    Step("GET", f"{CUSTOMERS}/{{ines}}", 200, answer=a_customer(**INES, company=INK)),
    Step("POST", f"{COMPANIES}/{{acme}}/customers", 201, ADA, answer=a_customer(**ADA), save="ada"),
    Step("GET", f"{CUSTOMERS}/{{ada}}", 200, answer=a_customer(**ADA, company=INK)),
    # Customers come by their names; the row that a cursor names may be gone.
    Step(
        "GET",
        f"{COMPANIES}/{{acme}}/customers?limit=2",
        200,
        answer=a_page("Ada", "Ines", more=True),
        save="end",
    ),
    Step(
        "GET",
        f"{COMPANIES}/{{acme}}/customers?after={{end}}",
        200,
        answer=a_page("Ines", more=False),
    ),
    Step("DELETE", f"{CUSTOMERS}/{{ines}}", 204),
    Step(
        "GET",
        f"{COMPANIES}/{{acme}}/customers?after={{end}}",
        200,
        answer=a_page("Ines", more=False),
    ),
    # A cursor of another order.
    Step("GET", f"{COMPANIES}?after={{end}}", 422),
    Step("GET", f"{CUSTOMERS}/{{ines}}", 404),
    Step("DELETE", f"{CUSTOMERS}/{{ines}}", 404),
    Step("GET", f"{COMPANIES}/4711/customers", 404),
    Step("POST", f"{COMPANIES}/4711/customers", 404, INES),
    Step("POST", f"{COMPANIES}/{{acme}}/customers", 422, INES | {"email": "nowhere"}),
    Step("POST", f"{COMPANIES}/{{acme}}/customers", 422, INES | {"name": "\x00"}),
    *(
        Step("POST", f"{COMPANIES}/{{acme}}/customers", 422, INES | {name: value})
        for name, values in (("stage", NO_STAGES), ("credit", NO_AMOUNTS))
        for value in values
    ),
    *(
        Step("GET", f"{path}?after={cursor}", 422)
        for path in (COMPANIES, f"{COMPANIES}/{{acme}}/customers")
        for cursor in NO_CURSORS
    ),
    Step("DELETE", f"{COMPANIES}/{{acme}}", 204),
    Step("GET", f"{CUSTOMERS}/{{twin}}", 404),
    # What is not there, or not understood.
    *(Step(method, f"{COMPANIES}/{{acme}}", 404) for method in ("GET", "DELETE")),
    Step("PATCH", f"{COMPANIES}/{{acme}}", 404, {"industry": "Ink"}),
    Step("GET", "/api/v1/nothing", 404),
    Step("PUT", COMPANIES, 405, ACME, headers={"Allow": "GET, HEAD, POST"}),
    Step("HEAD", f"{COMPANIES}/{{emoji}}", 200),
    Step(
        "POST", f"{COMPANIES}/{{emoji}}", 405, ACME, headers={"Allow": "DELETE, GET, HEAD, PATCH"}
    ),
    *(
        Step("POST", COMPANIES, 422, ACME | {name: value})
        for name in ("name", "industry")
        for value in NO_TEXTS
    ),
    Step("POST", COMPANIES, 422, {"name": "No industry"}),
    Step("POST", COMPANIES, 422, ACME | {"unknown": 1}),
    Step("PATCH", f"{COMPANIES}/{{emoji}}", 422, {"name": None}),
    Step("PATCH", f"{COMPANIES}/{{emoji}}", 422, {"name": " "}),
    *(
        Step("GET", f"{COMPANIES}?{query}", 422)
        for query in ("limit=0", "limit=201", "limit=x", "x=1")
    ),
    *(Step("GET", f"{COMPANIES}/{id_}", 422) for id_ in ("0", "-1", MAX_ID + 1, "abc", "%00")),
    *(Step(method, f"{CUSTOMERS}/0", 422) for method in ("GET", "DELETE")),
    Step("GET", f"{COMPANIES}/0/customers", 422),
    Step("DELETE", f"{COMPANIES}/0", 422),
    Step("GET", f"{COMPANIES}/{MAX_ID}", 404),
    *(Step("POST", COMPANIES, 422, body) for body in (*BROKEN_BODIES, UNKNOWN_KEYS)),
    Step("GET", f"{COMPANIES}?{MANY_PARAMETERS}", 422),
    Step("GET", f"/api/v1/{LONG_PATH}", 404),
    Step("GET", f"{COMPANIES}/{LONG_PATH}", 422),
    # Pages of other origins may send these types without that the browser asks first.
    *(
        Step("POST", COMPANIES, 422, ACME, content_type=content_type)
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "nonsense")
    ),
    Step("POST", COMPANIES, 201, ACME, content_type="Application/JSON; charset=utf-8"),
    *(
        Step(method, path, 413, b" " * 2_000_000)
        for method, path in (
            ("POST", COMPANIES),
            ("PATCH", f"{COMPANIES}/{{emoji}}"),
            ("POST", f"{COMPANIES}/{{emoji}}/customers"),
        )
    ),
    # Of a name that is there twice the last counts, so that no two parsers see two things.
    Step(
        "POST",
        COMPANIES,
        201,
        b'{"name": "First", "name": "Last", "industry": "Twins"}',
        answer=a_company("Last", "Twins"),
    ),
]


def drive(url: str) -> None:
    """Send every request to the service at `url`; raise AssertionError at a wrong answer."""
    saved: dict[str, int | str] = {}
    with httpx2.Client(base_url=url, timeout=30) as client:
        for step in CONTRACT:
            path = step.path.format(**saved)
            response = _send(client, step, path)
            request = f"{step.method} {path} {step.body!r:.80}"
            assert response.status_code == step.status, f"{request}\n{response.text}"
            if step.save:
                answer = response.json()
                saved[step.save] = answer["id"] if "id" in answer else answer["next"]
            _check(step, response, saved)
            if step.method == "GET":
                _check_head(client, path, response)


def _send(client: httpx2.Client, step: Step, path: str) -> httpx2.Response:
    body = step.body
    content = body if isinstance(body, bytes) or body is None else json.dumps(body)
    headers = {"Content-Type": step.content_type} if content is not None else {}
    return client.request(step.method, path, content=content, headers=headers)


def _check(step: Step, response: httpx2.Response, saved: Mapping[str, int | str]) -> None:
    assert len(response.headers.get_list("X-Request-ID")) == 1, step
    for name, value in step.headers.items():
        sent = response.headers[name]
        if name == "Allow":
            methods = {method.strip() for method in sent.split(",")} - {"OPTIONS"}
            sent = ", ".join(sorted(methods))
        assert sent == value.format(**saved), step
    if response.is_error:
        _check_problem(response)
    elif callable(step.answer):
        streamed = response.headers["Content-Type"] == "application/x-ndjson"
        step.answer(response.text if streamed else response.json())
    elif step.answer is not None:
        assert response.json() == step.answer, step
    elif step.status == 204:
        assert not response.content, step


def _check_problem(response: httpx2.Response) -> None:
    assert response.headers["Content-Type"] == PROBLEM, response.text
    assert len(response.content) <= MAX_PROBLEM, response.text
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}, problem
    assert problem["instance"] == response.headers["X-Request-ID"]
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]


def _check_head(client: httpx2.Client, path: str, answer: httpx2.Response) -> None:
    """HEAD is answered as GET is, with its headers and no body; a stream has no length."""
    response = client.head(path)
    assert response.status_code == answer.status_code, path
    for name in ("Content-Type", "Content-Length", "Retry-After"):
        assert response.headers.get(name) == answer.headers.get(name), path
    # An answer with a body would be in the way of the next one on this connection.
    assert not response.content, path
