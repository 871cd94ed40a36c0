"""Invoices over HTTP."""

from decimal import Decimal

from fastapi import APIRouter, Request, Response

from app.invoices import queries
from app.invoices.model import Invoice, Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.error_handlers import documented
from app.kit.http.sessions import Read, Write
from app.kit.schemas import Id

router = APIRouter(prefix="/invoices", tags=["invoices"])


@router.post(
    "", response_model=InvoiceRead, status_code=201, responses=documented(409, 413, 422, 503)
)
async def create_invoice(
    session: Write, body: InvoiceCreate, request: Request, response: Response
) -> Invoice:
    """Add an invoice; 409 if the number is taken."""
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in body.lines]
    invoice = await queries.create_invoice(
        session, number=body.number, status=body.status, lines=lines
    )
    response.headers["Location"] = f"{request.url.path}/{invoice.id}"
    return invoice


@router.get("/{invoice_id}", response_model=InvoiceRead, responses=documented(404, 422, 503))
async def get_invoice(session: Read, invoice_id: Id) -> Invoice:
    """Return an invoice and its lines."""
    return await queries.get_invoice(session, invoice_id)
