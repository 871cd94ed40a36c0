"""The OpenAPI document says what the service does."""

from httpx2 import AsyncClient

from app.kit.db.types import MAX_ID

PATH = "{{ cookiecutter._frameworks[cookiecutter.framework].openapi_path }}"
STATUSES = {
    "GET /health": {"200"},
    "GET /ready": {"200", "503"},
    "GET /api/v1/companies": {"200", "422", "503"},
    "POST /api/v1/companies": {"201", "409", "413", "422", "503"},
    "GET /api/v1/companies/export": {"200", "503"},
    # {% if cookiecutter.__jobs %}
    "POST /api/v1/companies/import": {"202", "413", "422", "503"},
    # {% endif %}
    "GET /api/v1/companies/{company_id}": {"200", "404", "422", "503"},
    "PATCH /api/v1/companies/{company_id}": {"200", "404", "409", "413", "422", "503"},
    "DELETE /api/v1/companies/{company_id}": {"204", "404", "422", "503"},
    "GET /api/v1/companies/{company_id}/customers": {"200", "404", "422", "503"},
    "POST /api/v1/companies/{company_id}/customers": {"201", "404", "409", "413", "422", "503"},
    "GET /api/v1/customers/{customer_id}": {"200", "404", "422", "503"},
    "DELETE /api/v1/customers/{customer_id}": {"204", "404", "422", "503"},
}


async def test_it_has_every_operation_with_its_statuses(client: AsyncClient) -> None:
    document = (await client.get(PATH)).json()
    statuses = {
        f"{method.upper()} {path}": set(operation["responses"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert statuses == STATUSES


async def test_it_forbids_what_is_refused(client: AsyncClient) -> None:
    document = (await client.get(PATH)).json()
    company = document["paths"]["/api/v1/companies/{company_id}"]
    for method in ("get", "patch", "delete"):
        [id_] = company[method]["parameters"]
        assert (id_["schema"]["minimum"], id_["schema"]["maximum"]) == (1, MAX_ID)
    body = company["patch"]["requestBody"]
    assert body["required"]
    schema = body["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert schema["additionalProperties"] is False


async def test_errors_are_problems(client: AsyncClient) -> None:
    document = (await client.get(PATH)).json()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]
