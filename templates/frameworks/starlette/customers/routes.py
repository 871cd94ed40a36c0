"""Customers over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.customers import queries
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.requests import body_of, id_of, page_of, sessions_of
from app.kit.http.responses import ModelResponse


async def list_customers(request: Request) -> Response:
    """Return a page of a company's customers, in the order of their names."""
    company_id, asked = id_of(request, "company_id"), page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_customers(
            session, company_id, limit=asked.limit, after=asked.after
        )
    return ModelResponse(CustomerPage.model_validate(page))


async def create_customer(request: Request) -> Response:
    """Add a customer to a company."""
    company_id = id_of(request, "company_id")
    body = await body_of(request, CustomerCreate)
    async with sessions_of(request).write.begin() as session:
        customer = await queries.create_customer(
            session,
            company_id,
            name=body.name,
            email=body.email,
            stage=body.stage,
            credit=Decimal(body.credit),
        )
    location = request.url_for("get_customer", customer_id=str(customer.id)).path
    return ModelResponse(CustomerRead.model_validate(customer), 201, {"Location": location})


async def get_customer(request: Request) -> Response:
    """Return a customer and the company."""
    customer_id = id_of(request, "customer_id")
    async with sessions_of(request).read() as session:
        customer = await queries.get_customer(session, customer_id)
    return ModelResponse(CustomerDetails.model_validate(customer))


async def delete_customer(request: Request) -> Response:
    """Delete a customer."""
    customer_id = id_of(request, "customer_id")
    async with sessions_of(request).write.begin() as session:
        await queries.delete_customer(session, customer_id)
    return Response(status_code=204)


routes = [
    Route("/api/v1/companies/{company_id}/customers", list_customers),
    Route("/api/v1/companies/{company_id}/customers", create_customer, methods=["POST"]),
    Route("/api/v1/customers/{customer_id}", get_customer),
    Route("/api/v1/customers/{customer_id}", delete_customer, methods=["DELETE"]),
]
