"""Companies over HTTP."""

from httpx2 import AsyncClient

PATH = "/api/v1/companies"
ACME = {"name": "Acme", "industry": "Anvils"}


async def test_create_answers_with_the_company_and_its_place(client: AsyncClient) -> None:
    response = await client.post(PATH, json=ACME)
    assert response.status_code == 201
    company = response.json()
    assert company.keys() == {"id", "name", "industry", "created_at", "updated_at"}
    assert company["name"] == "Acme"
    assert response.headers["Location"] == f"{PATH}/{company['id']}"
    assert (await client.get(response.headers["Location"])).json() == company


async def test_create_keeps_every_character(client: AsyncClient) -> None:
    name = "Żółć & Söhne 🏭 'quoted\" \\ %s"
    response = await client.post(PATH, json={"name": name, "industry": "Ink"})
    assert response.json()["name"] == name


async def test_a_name_can_be_taken_only_once(client: AsyncClient) -> None:
    await client.post(PATH, json=ACME)
    again = await client.post(PATH, json=ACME)
    assert again.status_code == 409
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.json().keys() == {"type", "title", "status", "detail", "instance"}


async def test_update_changes_only_what_is_sent(client: AsyncClient) -> None:
    company = (await client.post(PATH, json=ACME)).json()
    response = await client.patch(f"{PATH}/{company['id']}", json={"industry": "Rockets"})
    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > company["updated_at"]
    assert changed == company | {"industry": "Rockets", "updated_at": changed["updated_at"]}


async def test_update_can_not_take_a_name(client: AsyncClient) -> None:
    await client.post(PATH, json=ACME)
    other = (await client.post(PATH, json=ACME | {"name": "Other"})).json()
    response = await client.patch(f"{PATH}/{other['id']}", json={"name": "Acme"})
    assert response.status_code == 409


async def test_delete_takes_the_customers_along(client: AsyncClient) -> None:
    company = (await client.post(PATH, json=ACME)).json()
    person = {"name": "Ines", "email": "ines@example.com"}
    customer = (await client.post(f"{PATH}/{company['id']}/customers", json=person)).json()
    response = await client.delete(f"{PATH}/{company['id']}")
    assert response.status_code == 204
    assert response.content == b""
    assert (await client.get(f"{PATH}/{company['id']}")).status_code == 404
    assert (await client.get(f"/api/v1/customers/{customer['id']}")).status_code == 404


async def test_pages_follow_each_other(client: AsyncClient) -> None:
    for number in range(5):
        await client.post(PATH, json={"name": f"Company {number}", "industry": "Any"})
    names: list[str] = []
    after: str | None = ""
    sizes = []
    while after is not None:
        page = (await client.get(PATH, params={"limit": 2, "after": after})).json()
        names += [company["name"] for company in page["items"]]
        sizes.append(len(page["items"]))
        after = page["next"]
    assert names == [f"Company {number}" for number in range(5)]
    assert sizes == [2, 2, 1]


async def test_a_full_last_page_is_the_last(client: AsyncClient) -> None:
    for number in range(2):
        await client.post(PATH, json={"name": f"Company {number}", "industry": "Any"})
    page = (await client.get(PATH, params={"limit": 2})).json()
    assert len(page["items"]) == 2
    assert page["next"] is None
