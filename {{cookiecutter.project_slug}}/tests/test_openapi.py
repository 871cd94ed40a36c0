"""The OpenAPI document says what the service does."""

from httpx2 import AsyncClient

from tests.client import OPENAPI_PATH

STATUSES = {
    "GET /health": {"200"},
    "GET /ready": {"200", "503"},
    "GET /api/v1/companies": {"200", "422", "503"},
    "POST /api/v1/companies": {"201", "409", "422", "503"},
    "GET /api/v1/companies/export": {"200", "503"},
    "GET /api/v1/companies/{company_id}": {"200", "404", "422", "503"},
    "PATCH /api/v1/companies/{company_id}": {"200", "404", "409", "422", "503"},
    "DELETE /api/v1/companies/{company_id}": {"204", "404", "422", "503"},
    "GET /api/v1/companies/{company_id}/customers": {"200", "404", "422", "503"},
    "POST /api/v1/companies/{company_id}/customers": {"201", "404", "409", "422", "503"},
    "GET /api/v1/customers/{customer_id}": {"200", "404", "422", "503"},
    "DELETE /api/v1/customers/{customer_id}": {"204", "404", "422", "503"},
}


async def test_it_has_every_operation_with_its_statuses(client: AsyncClient) -> None:
    document = (await client.get(OPENAPI_PATH)).json()
    statuses = {
        f"{method.upper()} {path}": set(operation["responses"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert statuses == STATUSES


async def test_errors_are_problems(client: AsyncClient) -> None:
    document = (await client.get(OPENAPI_PATH)).json()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]
