"""Customers over HTTP."""

from decimal import Decimal

from quart import Blueprint, url_for
from quart_schema import document_response, tag_blueprint, validate_querystring, validate_request

from app.customers import queries
from app.customers.schemas import CustomerCreate, CustomerDetails, CustomerPage, CustomerRead
from app.kit.http.error_handlers import NoContent, documented
from app.kit.http.requests import Json, as_json
from app.kit.http.sessions import begin_write, open_read
from app.kit.schemas import PageQuery

blueprint = Blueprint("customers", __name__)
tag_blueprint(blueprint, ["customers"])


@blueprint.get("/companies/<id:company_id>/customers")
@validate_querystring(PageQuery)
@document_response(CustomerPage)
@documented(404, 422, 503)
async def list_customers(company_id: int, query_args: PageQuery) -> Json:
    """Return a page of a company's customers, in the order of their names."""
    async with open_read() as session:
        page = await queries.list_customers(
            session, company_id, limit=query_args.limit, after=query_args.after
        )
    return as_json(CustomerPage, page)


@blueprint.post("/companies/<id:company_id>/customers")
@validate_request(CustomerCreate)
@document_response(CustomerRead, 201)
@documented(404, 409, 413, 422, 503)
async def create_customer(
    company_id: int, data: CustomerCreate
) -> tuple[Json, int, dict[str, str]]:
    """Add a customer to a company."""
    async with begin_write() as session:
        customer = await queries.create_customer(
            session,
            company_id,
            name=data.name,
            email=data.email,
            stage=data.stage,
            credit=Decimal(data.credit),
        )
    location = url_for("customers.get_customer", customer_id=customer.id)
    return as_json(CustomerRead, customer), 201, {"Location": location}


@blueprint.get("/customers/<id:customer_id>")
@document_response(CustomerDetails)
@documented(404, 422, 503)
async def get_customer(customer_id: int) -> Json:
    """Return a customer and the company."""
    async with open_read() as session:
        customer = await queries.get_customer(session, customer_id)
    return as_json(CustomerDetails, customer)


@blueprint.delete("/customers/<id:customer_id>")
@document_response(NoContent, 204)
@documented(404, 422, 503)
async def delete_customer(customer_id: int) -> tuple[str, int]:
    """Delete a customer."""
    async with begin_write() as session:
        await queries.delete_customer(session, customer_id)
    return "", 204
