"""Customers over HTTP."""

import pytest
from httpx2 import AsyncClient

from app.customers.model import Stage

INES = {"name": "Ines", "email": "ines@example.com"}


@pytest.fixture
async def path(client: AsyncClient) -> str:
    """Return the path of a company's customers."""
    company = {"name": "Acme", "industry": "Anvils"}
    response = await client.post("/api/v1/companies", json=company)
    return f"{response.headers['Location']}/customers"


async def test_create_answers_with_the_customer_and_its_place(
    client: AsyncClient, path: str
) -> None:
    response = await client.post(path, json=INES)
    assert response.status_code == 201
    customer = response.json()
    assert customer.items() >= (INES | {"stage": "active", "credit": "0.00"}).items()
    assert response.headers["Location"] == f"/api/v1/customers/{customer['id']}"
    stored = (await client.get(response.headers["Location"])).json()
    assert stored.pop("company") == (await client.get(path.removesuffix("/customers"))).json()
    assert stored == customer


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("credit", ["0.00", "0.01", "0.10", "1234567.89", "9999999999.99"])
async def test_a_stage_and_an_amount_come_back_as_they_were_sent(
    client: AsyncClient, path: str, stage: str, credit: str
) -> None:
    response = await client.post(path, json=INES | {"stage": stage, "credit": credit})
    assert response.status_code == 201
    for answer in (response, await client.get(response.headers["Location"])):
        assert answer.json().items() >= {"stage": stage, "credit": credit}.items()


@pytest.mark.parametrize(
    "wrong", [{"stage": "lost"}, {"credit": "0.125"}, {"credit": "10000000000.00"}, {"credit": 1}]
)
async def test_another_stage_or_amount_is_refused(
    client: AsyncClient, path: str, wrong: dict[str, object]
) -> None:
    assert (await client.post(path, json=INES | wrong)).status_code == 422


async def test_pages_are_in_the_order_of_names_whoever_is_deleted(
    client: AsyncClient, path: str
) -> None:
    names = ["Bo", "Ann", "Bo", "Żółć", "Bo", "Cy", "bo"]
    ids = [(await client.post(path, json=INES | {"name": name})).json()["id"] for name in names]
    everyone = (await client.get(path)).json()["items"]
    expected = [customer["id"] for customer in everyone]
    assert sorted(expected) == ids
    assert [number for number in expected if names[ids.index(number)] == "Bo"] == ids[:5:2]
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        page = (await client.get(path, params={"limit": 2, "after": after})).json()
        seen += [customer["id"] for customer in page["items"]]
        after = page["next"]
        # The row that the cursor names, and one that was seen before it.
        for number in seen[-2:]:
            await client.delete(f"/api/v1/customers/{number}")
    assert seen == expected


async def test_list_gives_the_customers_of_one_company(client: AsyncClient, path: str) -> None:
    other = await client.post("/api/v1/companies", json={"name": "Other", "industry": "Any"})
    await client.post(f"{other.headers['Location']}/customers", json=INES)
    assert (await client.get(path)).json() == {"items": [], "next": None}
    customer = (await client.post(path, json=INES)).json()
    assert (await client.get(path)).json() == {"items": [customer], "next": None}


async def test_delete(client: AsyncClient, path: str) -> None:
    location = (await client.post(path, json=INES)).headers["Location"]
    assert (await client.delete(location)).status_code == 204
    assert (await client.get(location)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_company_that_is_not_there_has_no_customers(
    client: AsyncClient, method: str
) -> None:
    response = await client.request(method, "/api/v1/companies/4711/customers", json=INES)
    assert response.status_code == 404
