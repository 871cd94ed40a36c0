"""`python -m app companies`: the companies that are there."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import json
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from app.companies.queries import create_company, list_companies, stream_companies
from app.companies.schemas import CompanyCreate
from app.kit.commands.command_error import CommandError
from app.kit.commands.command_line import Limit, group
from app.kit.commands.sessions import open_sessions
from app.kit.commands.settings import load_settings
from app.kit.schemas import first_mistake
from app.settings import Settings

commands = group("The companies that are there.")


@commands.command("add")
def _add(name: str, industry: str) -> None:
    """Add a company."""
    run(add(load_settings(Settings), name=name, industry=industry))


@commands.command("list")
def _list(
    limit: Limit = 50,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="The page after another.")] = "",
) -> None:
    """Print companies: number, name, industry."""
    run(show(load_settings(Settings), limit=limit, after=after))


@commands.command("export")
def _export() -> None:
    """Print all companies as JSON, each on a line."""
    run(export(load_settings(Settings)))


async def add(settings: Settings, *, name: str, industry: str) -> None:
    """Add a company; raises CommandError if it can't be."""
    try:
        new = CompanyCreate(name=name, industry=industry)
    except ValidationError as error:
        raise CommandError(f"This is no company: {first_mistake(error)}.") from None
    async with open_sessions(settings) as sessions, sessions.write.begin() as session:
        company = await create_company(session, name=new.name, industry=new.industry)
    print(f"Company {company.id} is added.")


async def show(settings: Settings, *, limit: int, after: str) -> None:
    """Print companies by their numbers, each on a line."""
    async with open_sessions(settings) as sessions, sessions.read() as session:
        page = await list_companies(session, limit=limit, after=after)
    for company in page.items:
        print(company.id, company.name, company.industry, sep="\t")
    if page.next:
        print(f"There are more: --after {page.next}", file=sys.stderr)


async def export(settings: Settings) -> None:
    """Print all companies as JSON, each on a line."""
    async with open_sessions(settings) as sessions, sessions.snapshot() as session:
        async for batch in stream_companies(session):
            for company in batch:
                line = {"id": company.id, "name": company.name, "industry": company.industry}
                print(json.dumps(line))
