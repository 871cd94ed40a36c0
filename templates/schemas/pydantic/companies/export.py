"""The export of all companies."""

from collections.abc import AsyncGenerator

from app.companies.queries import stream_companies
from app.companies.schemas import CompanyRead
from app.kit.db.session import Sessions


async def export_lines(sessions: Sessions) -> AsyncGenerator[bytes]:
    """Yield all companies as lines of JSON, a batch at a time."""
    async with sessions.snapshot.begin() as session:
        async for batch in stream_companies(session):
            rows = (CompanyRead.model_validate(company) for company in batch)
            yield b"".join(row.model_dump_json().encode() + b"\n" for row in rows)
