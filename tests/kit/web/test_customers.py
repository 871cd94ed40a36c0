"""Customers over HTTP."""

import pytest
from httpx2 import AsyncClient

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
    assert customer.keys() == {"id", "company_id", "name", "email", "created_at"}
    assert response.headers["Location"] == f"/api/v1/customers/{customer['id']}"
    assert (await client.get(response.headers["Location"])).json() == customer


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
