"""Customers over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, empty

from app.customers import queries
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.requests import body_of, id_of, page_of, sessions_of
from app.kit.http.responses import model_response

blueprint = Blueprint("customers")


@blueprint.get("/companies/<company_id>/customers")
async def list_customers(request: Request[Any, Any], company_id: str) -> HTTPResponse:
    """Return a page of a company's customers, in the order of their names."""
    id_, asked = id_of(company_id), page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_customers(session, id_, limit=asked.limit, after=asked.after)
    return model_response(CustomerPage.model_validate(page))


@blueprint.post("/companies/<company_id>/customers")
async def create_customer(request: Request[Any, Any], company_id: str) -> HTTPResponse:
    """Add a customer to a company."""
    id_, body = id_of(company_id), body_of(request, CustomerCreate)
    async with sessions_of(request).write.begin() as session:
        customer = await queries.create_customer(
            session,
            id_,
            name=body.name,
            email=body.email,
            stage=body.stage,
            credit=Decimal(body.credit),
        )
    location = request.app.url_for("customers.get_customer", customer_id=customer.id)
    return model_response(CustomerRead.model_validate(customer), 201, {"Location": location})


@blueprint.get("/customers/<customer_id>")
async def get_customer(request: Request[Any, Any], customer_id: str) -> HTTPResponse:
    """Return a customer and the company."""
    id_ = id_of(customer_id)
    async with sessions_of(request).read() as session:
        customer = await queries.get_customer(session, id_)
    return model_response(CustomerDetails.model_validate(customer))


@blueprint.delete("/customers/<customer_id>")
async def delete_customer(request: Request[Any, Any], customer_id: str) -> HTTPResponse:
    """Delete a customer."""
    id_ = id_of(customer_id)
    async with sessions_of(request).write.begin() as session:
        await queries.delete_customer(session, id_)
    return empty()
