"""Idempotency-Key: a POST that is sent again gets the first one's answer, and is done once.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
Needs: a project
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from httpx2 import ASGITransport, AsyncClient
from pydantic import BaseModel
from sqlalchemy import CursorResult, String, Text, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.error_codes import CONTENTION, code_of
from app.kit.db.failures import Failure, classify
from app.kit.db.retries import retry
from app.kit.db.session import create_sessions
from app.kit.db.types import UtcDateTime, utc_now
from app.kit.errors import ConflictError, InvalidError
from app.kit.http.error_handlers import install
from app.kit.http.sessions import Factories
from app.settings import Settings

KEPT_FOR = timedelta(hours=24)
"""How long an answer is kept: a promise to clients, who try again for a shorter time."""
STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,100})"')
"""A string of RFC 9651, which the key must be: in double quotes, of printable ASCII."""
SYNTAX = 'Send one header Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324", or another'
SYNTAX += " string of 1 to 100 characters in double quotes, which is new for each new request."
REUSED = "This Idempotency-Key was sent with another request: take a new one for a new request."
MET = "A request with this Idempotency-Key is being answered: send it again in a moment."


class Base(DeclarativeBase):
    pass


class Answer(Base):
    """The answer to a request that had a key."""

    __tablename__ = "cookbook_answers"

    # A hash of client and key: of one length, and nobody who reads the table can use a key.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[int] = mapped_column(default=0)
    location: Mapped[str] = mapped_column(String(255), default="")
    body: Mapped[str] = mapped_column(Text, default="")


class Payment(Base):
    __tablename__ = "cookbook_payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(String(100))
    cents: Mapped[int]


async def current_client(x_api_key: Annotated[str, Header()]) -> str:
    """Return who is asking; a stand-in for what proves it."""
    return x_api_key


async def new_answer(request: Request, client: Annotated[str, Depends(current_client)]) -> Answer:
    """Return an answer, still to be given, to the request of a client; raises HTTPException."""
    keys = request.headers.getlist("Idempotency-Key")
    key = STRING.fullmatch(keys[0].strip()) if len(keys) == 1 else None
    if not key:
        raise HTTPException(400, SYNTAX)
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Answer(
        id=sha256(f"{client}\n{key[1]}".encode()).hexdigest(),
        request=sha256(asked + await request.body()).hexdigest(),
    )


async def answer_once(
    session: AsyncSession, *, new: Answer, work: Callable[[AsyncSession, Answer], Awaitable[None]]
) -> Answer:
    """Return the answer that was given to this key, or the new one that `work` fills in.

    It is committed with what `work` does, or not at all. Raises InvalidError for a key that was
    sent with another request, and ConflictError while the first request is being answered.
    """
    first = await session.get(Answer, new.id)
    if first:
        if first.request != new.request:
            raise InvalidError(REUSED)
        return first
    mine = Answer(id=new.id, request=new.request, created_at=utc_now())
    session.add(mine)
    try:
        # Whoever comes second waits here, until the first one's transaction ends.
        await session.flush()
    except DBAPIError as error:
        if classify(error) is Failure.CONFLICT or code_of(error.orig) in CONTENTION:
            raise ConflictError(MET) from error
        raise
    await work(session, mine)
    return mine


async def forget_answers(session: AsyncSession, *, older_than: timedelta = KEPT_FOR) -> int:
    """Remove old answers, and return how many there were."""
    old = delete(Answer).where(Answer.created_at < utc_now() - older_than)
    return cast("CursorResult[Any]", await session.execute(old)).rowcount


class PaymentCreate(BaseModel):
    cents: int


class PaymentRead(BaseModel, from_attributes=True):
    id: int
    cents: int


router = APIRouter()


@router.post("/payments", status_code=201)
async def create_payment(
    sessions: Factories,
    new: Annotated[Answer, Depends(new_answer)],
    client: Annotated[str, Depends(current_client)],
    body: PaymentCreate,
) -> Response:
    """Pay, once for each key."""

    async def pay(session: AsyncSession, answer: Answer) -> None:
        if body.cents <= 0:
            raise InvalidError("Nothing is to be paid.")
        payment = Payment(client=client, cents=body.cents)
        session.add(payment)
        await session.flush()
        answer.status, answer.location = 201, f"/payments/{payment.id}"
        answer.body = PaymentRead.model_validate(payment).model_dump_json()

    answer = await retry(sessions.write, partial(answer_once, new=new, work=pay))
    headers = {"Location": answer.location}
    return Response(answer.body, answer.status, headers, media_type="application/json")


async def send(client: AsyncClient, key: str, cents: int, who: str = "ada") -> str:
    """Pay as a client does, and return the answer in one line."""
    headers = {"X-Api-Key": who} | ({"Idempotency-Key": key} if key else {})
    answer = await client.post("/payments", json={"cents": cents}, headers=headers)
    if not answer.is_success:
        return f"{answer.status_code} {answer.json()['detail'][:40]}…"
    return f"{answer.status_code} {answer.headers['Location']} {answer.text}"


async def show(client: AsyncClient, engine: AsyncEngine) -> None:
    for title, key, cents, who in (
        ("without a key", "", 5, "ada"),
        ("a key without quotes", "one", 5, "ada"),
        ("the first time", '"one"', 5, "ada"),
        ("again", '"one"', 5, "ada"),
        ("another body", '"one"', 6, "ada"),
        ("another client", '"one"', 6, "bob"),
        ("a request that fails", '"two"', 0, "ada"),
        ("its key, once it is right", '"two"', 7, "ada"),
    ):
        print(f"{title}:", await send(client, key, cents, who))
    cents = 8
    at_once = await asyncio.gather(*(send(client, '"three"', cents) for _ in range(5)))
    print("of five at once, some are done:", "201" in {answer[:3] for answer in at_once})
    sessions = create_sessions(engine)
    async with sessions.read() as session:
        count = select(func.count()).where(Payment.cents == cents)
        print("payments that they made:", await session.scalar(count))
    async with sessions.write.begin() as session:
        print("answers of yesterday:", await forget_answers(session))
        print("answers:", await forget_answers(session, older_than=timedelta()))


async def main() -> None:
    app = FastAPI()
    install(app)
    app.include_router(router)
    async with open_engine(load_settings(Settings)) as engine:
        app.state.resources = SimpleNamespace(sessions=create_sessions(engine))
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
                await show(client, engine)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
