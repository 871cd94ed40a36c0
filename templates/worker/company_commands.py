"""`python -m app companies`: the companies that are there."""

import json

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from app.commands.errors import CommandError
from app.commands.sessions import open_sessions
from app.companies import create_company, list_companies, stream_companies
from app.config import Settings
from app.worker.payloads import NewCompany, first_mistake


async def add(settings: Settings, *, name: str, industry: str) -> None:
    """Add a company."""
    try:
        new = NewCompany(name=name, industry=industry)
    except ValidationError as error:
        raise CommandError(f"This is no company: {first_mistake(error)}.") from None
    async with open_sessions(settings) as sessions:
        try:
            async with sessions.write.begin() as session:
                company = await create_company(session, name=new.name, industry=new.industry)
        except IntegrityError as error:
            raise CommandError(f"There is a company {name!r} already.") from error
    print(f"Company {company.id} is added.")


async def show(settings: Settings, *, limit: int, after: int) -> None:
    """Print companies by their numbers, each on a line."""
    async with open_sessions(settings) as sessions, sessions.read() as session:
        for company in (await list_companies(session, limit=limit, after=after)).items:
            print(company.id, company.name, company.industry, sep="\t")


async def export(settings: Settings) -> None:
    """Print all companies as JSON, each on a line."""
    async with open_sessions(settings) as sessions, sessions.snapshot() as session:
        async for batch in stream_companies(session):
            for company in batch:
                line = {"id": company.id, "name": company.name, "industry": company.industry}
                print(json.dumps(line))
