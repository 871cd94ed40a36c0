"""Invoices over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.invoices import queries
from app.invoices.model import Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.requests import body_of, id_of, sessions_of
from app.kit.http.responses import ModelResponse


async def create_invoice(request: Request) -> Response:
    """Add an invoice; 409 if the number is taken."""
    body = await body_of(request, InvoiceCreate)
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in body.lines]
    async with sessions_of(request).write.begin() as session:
        invoice = await queries.create_invoice(
            session, number=body.number, status=body.status, lines=lines
        )
    location = request.url_for("get_invoice", invoice_id=str(invoice.id)).path
    return ModelResponse(InvoiceRead.model_validate(invoice), 201, {"Location": location})


async def get_invoice(request: Request) -> Response:
    """Return an invoice and its lines."""
    invoice_id = id_of(request, "invoice_id")
    async with sessions_of(request).read() as session:
        invoice = await queries.get_invoice(session, invoice_id)
    return ModelResponse(InvoiceRead.model_validate(invoice))


routes = [
    Route("/api/v1/invoices", create_invoice, methods=["POST"]),
    Route("/api/v1/invoices/{invoice_id}", get_invoice),
]
