"""Customers over HTTP."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.customers import queries
from app.customers.model import Customer
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.error_handlers import documented
from app.kit.http.sessions import Read, Write
from app.kit.pages import Page
from app.kit.schemas import Id, PageQuery

router = APIRouter(tags=["customers"])


@router.get(
    "/companies/{company_id}/customers",
    response_model=CustomerPage,
    responses=documented(404, 422, 503),
)
async def list_customers(
    session: Read, company_id: Id, page: Annotated[PageQuery, Query()]
) -> Page[Customer]:
    """Return a page of a company's customers, in the order of their names."""
    return await queries.list_customers(session, company_id, limit=page.limit, after=page.after)


@router.post(
    "/companies/{company_id}/customers",
    response_model=CustomerRead,
    status_code=201,
    responses=documented(404, 409, 413, 422, 503),
)
async def create_customer(
    session: Write, company_id: Id, body: CustomerCreate, request: Request, response: Response
) -> Customer:
    """Add a customer to a company."""
    customer = await queries.create_customer(
        session,
        company_id,
        name=body.name,
        email=body.email,
        stage=body.stage,
        credit=Decimal(body.credit),
    )
    response.headers["Location"] = request.url_for("get_customer", customer_id=customer.id).path
    return customer


@router.get(
    "/customers/{customer_id}", response_model=CustomerDetails, responses=documented(404, 422, 503)
)
async def get_customer(session: Read, customer_id: Id) -> Customer:
    """Return a customer and the company."""
    return await queries.get_customer(session, customer_id)


@router.delete(
    "/customers/{customer_id}",
    status_code=204,
    response_class=Response,
    responses=documented(404, 422, 503),
)
async def delete_customer(session: Write, customer_id: Id) -> None:
    """Delete a customer."""
    await queries.delete_customer(session, customer_id)
