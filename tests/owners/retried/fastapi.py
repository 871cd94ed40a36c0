"""Routes that an owner writes, with FastAPI: one is retried, the other is not."""

from functools import partial

from fastapi import APIRouter

from app.companies.schemas import CompanyCreate
from app.kit.db.retries import retry
from app.kit.http.sessions import Factories, Write
from app.limited import add_one_of_few

router = APIRouter()


@router.post("/retried", status_code=201)
async def add_retried(sessions: Factories, body: CompanyCreate) -> int:
    unit = partial(add_one_of_few, name=body.name, industry=body.industry)
    company = await retry(sessions.write, unit)
    return company.id


@router.post("/plain", status_code=201)
async def add_plain(session: Write, body: CompanyCreate) -> int:
    company = await add_one_of_few(session, name=body.name, industry=body.industry)
    return company.id
