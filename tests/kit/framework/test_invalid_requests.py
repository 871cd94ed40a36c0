"""Whatever a client sends, it is the client that is told so: 4xx, never 5xx."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient, Response

from app.kit.db.types import MAX_ID

COMPANIES = "/api/v1/companies"
VALID = {"name": "Acme", "industry": "Anvils"}
BAD_TEXTS = ["", " \t\u3000", "\x1f\u200b", "a\x00b", "x" * 121, 7, None, ["Acme"], {"a": "b"}]
BAD_IDS = ["0", "-1", str(MAX_ID + 1), "9" * 40, "abc", "1.5", "%00", "%ff", "1'--"]


def assert_problem(response: Response, *statuses: int) -> None:
    """Check that `response` is a problem with one of `statuses`."""
    assert response.status_code in statuses, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert problem["status"] == response.status_code
    assert problem["detail"]


@pytest.mark.parametrize("field", ["name", "industry"])
@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_texts_of_a_company(client: AsyncClient, field: str, text: object) -> None:
    assert_problem(await client.post(COMPANIES, json=VALID | {field: text}), 422)
    company = await client.post(COMPANIES, json=VALID)
    assert_problem(await client.patch(company.headers["Location"], json={field: text}), 422)


@pytest.mark.parametrize(
    "email", ["", "no at", "a@b@c", "a @b", "a@b\n", "a@\x85b", "x" * 250 + "@b.de", None, 1]
)
async def test_emails(client: AsyncClient, email: object) -> None:
    company = await client.post(COMPANIES, json=VALID)
    path = f"{company.headers['Location']}/customers"
    assert_problem(await client.post(path, json={"name": "Ines", "email": email}), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff", b"[" * 100_000, b'{"name": "\\ud800"}'],
    ids=lambda body: repr(body[:10]),
)
async def test_bodies_that_are_no_company(client: AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(await client.post(COMPANIES, content=body, headers=headers), 422)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_bodies_that_do_not_say_that_they_are_json(
    client: AsyncClient, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    assert_problem(await client.post(COMPANIES, json=VALID, headers=headers), 422)


async def test_unknown_fields_are_refused(client: AsyncClient) -> None:
    assert_problem(await client.post(COMPANIES, json=VALID | {"admin": True}), 422)


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=x", "limit=", "after=-1", f"after={MAX_ID + 1}"),
        *("after=WyJ4Il0", "page=2"),
    ],
)
async def test_queries(client: AsyncClient, query: str) -> None:
    assert_problem(await client.get(f"{COMPANIES}?{query}"), 422)


@pytest.mark.parametrize("id_", BAD_IDS)
@pytest.mark.parametrize("path", [COMPANIES, "/api/v1/customers"])
async def test_ids(client: AsyncClient, path: str, id_: str) -> None:
    assert_problem(await client.get(f"{path}/{id_}"), 404, 422)
    assert_problem(await client.delete(f"{path}/{id_}"), 404, 422)


@pytest.mark.parametrize("id_", [1, MAX_ID])
async def test_what_is_not_there(client: AsyncClient, id_: int) -> None:
    for path in (f"{COMPANIES}/{id_}", f"/api/v1/customers/{id_}"):
        assert_problem(await client.get(path), 404)
        assert_problem(await client.delete(path), 404)
    assert_problem(await client.patch(f"{COMPANIES}/{id_}", json={"name": "Acme"}), 404)
    assert_problem(await client.get("/api/v1/nothing"), 404)


async def test_methods(client: AsyncClient) -> None:
    response = await client.put(COMPANIES, json=VALID)
    assert_problem(response, 405)
    allowed = {method.strip() for method in response.headers["Allow"].split(",")}
    assert allowed - {"OPTIONS"} == {"GET", "HEAD", "POST"}


async def test_a_body_that_is_too_large(client: AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1_000_000

    headers = {"Content-Type": "application/json"}
    large = {"name": "x" * 2_000_000, "industry": "Any"}
    assert_problem(await client.post(COMPANIES, json=large), 413)
    assert_problem(await client.post(COMPANIES, content=endless(), headers=headers), 413)
