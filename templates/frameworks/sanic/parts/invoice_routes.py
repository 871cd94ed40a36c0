"""Invoices over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal
from typing import Any

from sanic import Blueprint, HTTPResponse, Request

from app.invoices import queries
from app.invoices.model import Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.requests import body_of, id_of, sessions_of
from app.kit.http.responses import model_response

blueprint = Blueprint("invoices", url_prefix="/invoices")


@blueprint.post("")
async def create_invoice(request: Request[Any, Any]) -> HTTPResponse:
    """Add an invoice; 409 if the number is taken."""
    body = body_of(request, InvoiceCreate)
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in body.lines]
    async with sessions_of(request).write.begin() as session:
        invoice = await queries.create_invoice(
            session, number=body.number, status=body.status, lines=lines
        )
    location = request.app.url_for("invoices.get_invoice", invoice_id=invoice.id)
    return model_response(InvoiceRead.model_validate(invoice), 201, {"Location": location})


@blueprint.get("/<invoice_id>")
async def get_invoice(request: Request[Any, Any], invoice_id: str) -> HTTPResponse:
    """Return an invoice and its lines."""
    id_ = id_of(invoice_id)
    async with sessions_of(request).read() as session:
        invoice = await queries.get_invoice(session, id_)
    return model_response(InvoiceRead.model_validate(invoice))
