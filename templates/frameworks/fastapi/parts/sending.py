from fastapi import APIRouter, BackgroundTasks, WebSocket

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.sessions import Factories
from app.kit.schemas import Id

router = APIRouter(prefix="/sending")


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


@router.post("/{invoice_id}", status_code=202)
async def send_later(sessions: Factories, invoice_id: Id, tasks: BackgroundTasks) -> None:
    tasks.add_task(mark_sent, sessions, invoice_id)


@router.websocket("/numbers")
async def numbers(socket: WebSocket, sessions: Factories) -> None:
    await socket.accept()
    async for message in socket.iter_text():
        async with sessions.read() as session:
            invoice = await get_invoice(session, int(message))
        await socket.send_text(invoice.number)
