from typing import Any

from sanic import Blueprint, HTTPResponse, Request, Websocket, empty

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.requests import id_of, sessions_of

blueprint = Blueprint("sending", url_prefix="/sending")


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


@blueprint.post("/<invoice_id>")
async def send_later(request: Request[Any, Any], invoice_id: str) -> HTTPResponse:
    request.app.add_task(mark_sent(sessions_of(request), id_of(invoice_id)))
    return empty(202)


@blueprint.websocket("/numbers")  # type: ignore[untyped-decorator]  # Sanic's has no types
async def numbers(request: Request[Any, Any], socket: Websocket) -> None:
    async for message in socket:
        async with sessions_of(request).read() as session:
            invoice = await get_invoice(session, int(str(message)))
        await socket.send(invoice.number)
