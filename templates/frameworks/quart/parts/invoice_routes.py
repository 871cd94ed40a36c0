"""Invoices over HTTP."""

from decimal import Decimal

from quart import Blueprint, url_for
from quart_schema import document_response, tag_blueprint, validate_request

from app.invoices import queries
from app.invoices.model import Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.error_handlers import documented
from app.kit.http.requests import Json, as_json
from app.kit.http.sessions import begin_write, open_read

blueprint = Blueprint("invoices", __name__)
tag_blueprint(blueprint, ["invoices"])


@blueprint.post("")
@validate_request(InvoiceCreate)
@document_response(InvoiceRead, 201)
@documented(409, 413, 422, 503)
async def create_invoice(data: InvoiceCreate) -> tuple[Json, int, dict[str, str]]:
    """Add an invoice; 409 if the number is taken."""
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in data.lines]
    async with begin_write() as session:
        invoice = await queries.create_invoice(
            session, number=data.number, status=data.status, lines=lines
        )
    location = url_for("invoices.get_invoice", invoice_id=invoice.id)
    return as_json(InvoiceRead, invoice), 201, {"Location": location}


@blueprint.get("/<id:invoice_id>")
@document_response(InvoiceRead)
@documented(404, 422, 503)
async def get_invoice(invoice_id: int) -> Json:
    """Return an invoice and its lines."""
    async with open_read() as session:
        invoice = await queries.get_invoice(session, invoice_id)
    return as_json(InvoiceRead, invoice)
