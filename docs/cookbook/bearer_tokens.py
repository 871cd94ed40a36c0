"""Bearer tokens: somebody else knows the users, and signs who is asking.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
Packages: fastapi, httpx2, pyjwt[crypto]
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

ISSUER, AUDIENCE = "https://login.example.com/", "company-directory"
key = generate_private_key(SECP256R1())


class Keys:
    """A stand-in for `jwt.PyJWKClient("https://…/jwks.json")`, which fetches them."""

    def get_signing_key_from_jwt(self, _token: str) -> jwt.PyJWK:
        as_json = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return jwt.PyJWK.from_dict(as_json | {"alg": "ES256"})


def subject_of(token: str) -> str:
    """Return who is asking; raises jwt.PyJWTError for a token that proves nothing."""
    claims: Mapping[str, Any] = jwt.decode(
        token,
        Keys().get_signing_key_from_jwt(token),
        # Never the algorithm that the token names.
        algorithms=["ES256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": ["exp", "sub"]},
    )
    return str(claims["sub"])


async def current_subject(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    try:
        # In a thread: PyJWKClient fetches the keys with urllib, which would stop the loop.
        return await asyncio.to_thread(subject_of, credentials.credentials)
    except jwt.PyJWTError as error:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, str(error), headers=challenge) from None


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "cookbook_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The claim `sub`, and no foreign key: there is no table of users.
    owner: Mapped[str] = mapped_column(String(255), index=True)
    what: Mapped[str] = mapped_column(String(100))


def signed(**claims: Any) -> str:
    """Return a token as the issuer signs it."""
    usual = {"sub": "ada", "iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60}
    return jwt.encode(usual | claims, key, algorithm="ES256")


TOKENS = {
    "ada's": signed(),
    "bob's": signed(sub="bob"),
    "expired": signed(exp=time.time() - 1),
    "for another service": signed(aud="payroll"),
    "of another issuer": signed(iss="https://evil.example.com/"),
    "not signed": jwt.encode({"sub": "ada"}, "", algorithm="none"),
    "without a subject": signed(sub=None),
}


async def main() -> None:
    app = FastAPI()
    async with open_engine(load_settings(Settings)) as engine:
        sessions = create_sessions(engine)

        @app.get("/tasks")
        async def list_tasks(owner: Annotated[str, Depends(current_subject)]) -> list[str]:
            async with sessions.read() as session:
                return list(await session.scalars(select(Task.what).where(Task.owner == owner)))

        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions.write.begin() as session:
            session.add(Task(owner="ada", what="Write the note on the engine"))
        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
            print("no token:", (await client.get("/tasks")).status_code)
            for name, token in TOKENS.items():
                answer = await client.get("/tasks", headers={"Authorization": f"Bearer {token}"})
                print(f"{name}:", answer.status_code, answer.text)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)


if __name__ == "__main__":
    run(main())
