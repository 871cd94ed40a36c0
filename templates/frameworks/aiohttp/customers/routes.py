"""Customers over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal

from aiohttp import web

from app.customers import queries
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.requests import body_of, id_of, page_of, sessions_of
from app.kit.http.responses import model_response

routes = web.RouteTableDef()


@routes.get("/companies/{company_id}/customers")
async def list_customers(request: web.Request) -> web.Response:
    """Return a page of a company's customers, in the order of their names."""
    company_id, asked = id_of(request, "company_id"), page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_customers(
            session, company_id, limit=asked.limit, after=asked.after
        )
    return model_response(CustomerPage.model_validate(page))


@routes.post("/companies/{company_id}/customers")
async def create_customer(request: web.Request) -> web.Response:
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
    location = request.app.router["customer"].url_for(customer_id=str(customer.id))
    return model_response(CustomerRead.model_validate(customer), 201, {"Location": str(location)})


@routes.get("/customers/{customer_id}", name="customer")
async def get_customer(request: web.Request) -> web.Response:
    """Return a customer and the company."""
    customer_id = id_of(request, "customer_id")
    async with sessions_of(request).read() as session:
        customer = await queries.get_customer(session, customer_id)
    return model_response(CustomerDetails.model_validate(customer))


@routes.delete("/customers/{customer_id}")
async def delete_customer(request: web.Request) -> web.Response:
    """Delete a customer."""
    customer_id = id_of(request, "customer_id")
    async with sessions_of(request).write.begin() as session:
        await queries.delete_customer(session, customer_id)
    return web.Response(status=204)
