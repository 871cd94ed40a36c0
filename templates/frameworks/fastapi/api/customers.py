"""Customers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app import customers
from app.api.problems import documented
from app.api.schemas import CustomerCreate, CustomerPage, CustomerRead, Id, PageQuery
from app.api.sessions import Read, Write
from app.models import Customer
from app.pages import Page

router = APIRouter(tags=["customers"])


@router.get(
    "/companies/{company_id}/customers",
    response_model=CustomerPage,
    responses=documented(404, 422, 503),
)
async def list_customers(
    session: Read, company_id: Id, page: Annotated[PageQuery, Query()]
) -> Page[Customer]:
    """Return a page of a company's customers, in the order of their ids."""
    return await customers.list_customers(session, company_id, limit=page.limit, after=page.after)


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
    customer = await customers.create_customer(session, company_id, **body.model_dump())
    response.headers["Location"] = request.url_for("get_customer", customer_id=customer.id).path
    return customer


@router.get(
    "/customers/{customer_id}", response_model=CustomerRead, responses=documented(404, 422, 503)
)
async def get_customer(session: Read, customer_id: Id) -> Customer:
    """Return a customer."""
    return await customers.get_customer(session, customer_id)


@router.delete(
    "/customers/{customer_id}",
    status_code=204,
    response_class=Response,
    responses=documented(404, 422, 503),
)
async def delete_customer(session: Write, customer_id: Id) -> None:
    """Delete a customer."""
    await customers.delete_customer(session, customer_id)
