from typing import Any

from litestar import Response, Router, WebSocket, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import WebSocketDisconnect

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.requests import Id
from app.kit.http.sessions import Factories


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


@post("/{invoice_id:str}", status_code=202)
async def send_later(sessions: Factories, invoice_id: Id) -> Response[None]:
    return Response(None, background=BackgroundTask(mark_sent, sessions, invoice_id))


@websocket("/numbers")
async def numbers(socket: WebSocket[Any, Any, Any], sessions: Factories) -> None:
    await socket.accept()
    try:
        while True:
            message = await socket.receive_text()
            async with sessions.read() as session:
                invoice = await get_invoice(session, int(message))
            await socket.send_text(invoice.number)
    except WebSocketDisconnect:
        pass


router = Router("/sending", route_handlers=[send_later, numbers])
