"""Invoices over HTTP. Each handler's transaction ends before it answers."""

from decimal import Decimal

from aiohttp import web

from app.invoices import queries
from app.invoices.model import Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.requests import body_of, id_of, sessions_of
from app.kit.http.responses import model_response

routes = web.RouteTableDef()


@routes.post("/invoices")
async def create_invoice(request: web.Request) -> web.Response:
    """Add an invoice; 409 if the number is taken."""
    body = await body_of(request, InvoiceCreate)
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in body.lines]
    async with sessions_of(request).write.begin() as session:
        invoice = await queries.create_invoice(
            session, number=body.number, status=body.status, lines=lines
        )
    location = request.app.router["invoice"].url_for(invoice_id=str(invoice.id))
    return model_response(InvoiceRead.model_validate(invoice), 201, {"Location": str(location)})


@routes.get("/invoices/{invoice_id}", name="invoice")
async def get_invoice(request: web.Request) -> web.Response:
    """Return an invoice and its lines."""
    invoice_id = id_of(request, "invoice_id")
    async with sessions_of(request).read() as session:
        invoice = await queries.get_invoice(session, invoice_id)
    return model_response(InvoiceRead.model_validate(invoice))
