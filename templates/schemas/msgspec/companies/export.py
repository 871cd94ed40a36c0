"""The export of all companies."""

from collections.abc import AsyncGenerator

from msgspec.json import Encoder

from app.companies.queries import stream_companies
from app.companies.schemas import CompanyRead
from app.kit.db.session import Sessions


async def export_lines(sessions: Sessions) -> AsyncGenerator[bytes]:
    """Yield all companies as lines of JSON, a batch at a time."""
    encoder = Encoder()
    async with sessions.snapshot.begin() as session:
        async for batch in stream_companies(session):
            yield encoder.encode_lines(CompanyRead.of(company) for company in batch)
