"""Invoices over HTTP."""

from decimal import Decimal

from litestar import Response, Router, get, post

from app.invoices import queries
from app.invoices.model import Line
from app.invoices.schemas import InvoiceCreate, InvoiceRead
from app.kit.http.error_handlers import Documented, documented
from app.kit.http.requests import AnyRequest, Id, StrictBody, path_of
from app.kit.http.sessions import Read, Write


@post(operation_class=Documented, responses=documented(409, 413, 422, 503))
async def create_invoice(
    write: Write, data: StrictBody[InvoiceCreate], request: AnyRequest
) -> Response[InvoiceRead]:
    """Add an invoice; 409 if the number is taken."""
    lines = [Line(text=line.text, amount=Decimal(line.amount)) for line in data.lines]
    invoice = await queries.create_invoice(
        write, number=data.number, status=data.status, lines=lines
    )
    location = path_of(request, "get_invoice", invoice_id=str(invoice.id))
    return Response(InvoiceRead.of(invoice), headers={"Location": location})


@get(
    "/{invoice_id:str}",
    name="get_invoice",
    operation_class=Documented,
    responses=documented(404, 422, 503),
)
async def get_invoice(read: Read, invoice_id: Id) -> InvoiceRead:
    """Return an invoice and its lines."""
    return InvoiceRead.of(await queries.get_invoice(read, invoice_id))


router = Router("/invoices", route_handlers=[create_invoice, get_invoice], tags=["invoices"])
