from quart import Blueprint, current_app, websocket

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.sessions import get_sessions, open_read

blueprint = Blueprint("sending", __name__)


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


@blueprint.post("/<id:invoice_id>")
async def send_later(invoice_id: int) -> tuple[str, int]:
    current_app.add_background_task(mark_sent, get_sessions(), invoice_id)
    return "", 202


@blueprint.websocket("/numbers")
async def numbers() -> None:
    while True:
        message = await websocket.receive()
        async with open_read() as session:
            invoice = await get_invoice(session, int(message))
        await websocket.send(invoice.number)
