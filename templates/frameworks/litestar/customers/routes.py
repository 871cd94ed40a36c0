"""Customers over HTTP."""

from decimal import Decimal

from litestar import Response, Router, delete, get, post

from app.customers import queries
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.error_handlers import Documented, documented
from app.kit.http.requests import (
    After,
    AnyRequest,
    Id,
    Limit,
    StrictBody,
    path_of,
    refuse_unknown_parameters,
)
from app.kit.http.sessions import Read, Write


@get(
    "/companies/{company_id:str}/customers",
    before_request=refuse_unknown_parameters,
    operation_class=Documented,
    responses=documented(404, 422, 503),
)
async def list_customers(
    read: Read, company_id: Id, limit: Limit = 50, after: After = ""
) -> CustomerPage:
    """Return a page of a company's customers, in the order of their names."""
    page = await queries.list_customers(read, company_id, limit=limit, after=after)
    return CustomerPage.of(page)


@post(
    "/companies/{company_id:str}/customers",
    operation_class=Documented,
    responses=documented(404, 409, 413, 422, 503),
)
async def create_customer(
    write: Write, company_id: Id, data: StrictBody[CustomerCreate], request: AnyRequest
) -> Response[CustomerRead]:
    """Add a customer to a company."""
    customer = await queries.create_customer(
        write,
        company_id,
        name=data.name,
        email=data.email,
        stage=data.stage,
        credit=Decimal(data.credit),
    )
    location = path_of(request, "get_customer", customer_id=str(customer.id))
    return Response(CustomerRead.of(customer), headers={"Location": location})


@get(
    "/customers/{customer_id:str}",
    name="get_customer",
    operation_class=Documented,
    responses=documented(404, 422, 503),
)
async def get_customer(read: Read, customer_id: Id) -> CustomerDetails:
    """Return a customer and the company."""
    return CustomerDetails.of(await queries.get_customer(read, customer_id))


@delete(
    "/customers/{customer_id:str}",
    operation_class=Documented,
    responses=documented(404, 422, 503),
)
async def delete_customer(write: Write, customer_id: Id) -> None:
    """Delete a customer."""
    await queries.delete_customer(write, customer_id)


router = Router(
    "",
    route_handlers=[list_customers, create_customer, get_customer, delete_customer],
    tags=["customers"],
)
