import asyncio

from aiohttp import WSMsgType, web

from app.invoices.model import Status
from app.invoices.queries import get_invoice
from app.kit.db.session import Sessions
from app.kit.http.requests import id_of, sessions_of

routes = web.RouteTableDef()
# Without a reference a task may be collected before it ends.
TASKS: set[asyncio.Task[None]] = set()


async def mark_sent(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        (await get_invoice(session, invoice_id)).status = Status.SENT


@routes.post("/sending/{invoice_id}")
async def send_later(request: web.Request) -> web.Response:
    work = mark_sent(sessions_of(request), id_of(request, "invoice_id"))
    task = asyncio.create_task(work)
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)
    return web.Response(status=202)


@routes.get("/sending/numbers")
async def numbers(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            async with sessions_of(request).read() as session:
                invoice = await get_invoice(session, int(message.data))
            await socket.send_str(invoice.number)
    return socket
