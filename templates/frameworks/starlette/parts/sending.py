from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.requests import id_of, sessions_of


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


async def send_later(request: Request) -> Response:
    work = BackgroundTask(mark_sent, sessions_of(request), id_of(request, "invoice_id"))
    return Response(status_code=202, background=work)


async def numbers(socket: WebSocket) -> None:
    await socket.accept()
    async for message in socket.iter_text():
        async with sessions_of(socket).read() as session:
            invoice = await get_invoice(session, int(message))
        await socket.send_text(invoice.number)


routes = [
    Route("/api/v1/sending/{invoice_id}", send_later, methods=["POST"]),
    WebSocketRoute("/api/v1/sending/numbers", numbers),
]
