"""Routes that an owner writes, with aiohttp: one is retried, the other is not."""

from functools import partial

from aiohttp import web

from app.companies.schemas import CompanyCreate
from app.kit.db.retries import retry
from app.kit.http.requests import body_of, sessions_of
from app.limited import add_one_of_few

routes = web.RouteTableDef()


@routes.post("/retried")
async def add_retried(request: web.Request) -> web.Response:
    body = await body_of(request, CompanyCreate)
    unit = partial(add_one_of_few, name=body.name, industry=body.industry)
    company = await retry(sessions_of(request).write, unit)
    return web.json_response(company.id, status=201)


@routes.post("/plain")
async def add_plain(request: web.Request) -> web.Response:
    body = await body_of(request, CompanyCreate)
    async with sessions_of(request).write.begin() as session:
        company = await add_one_of_few(session, name=body.name, industry=body.industry)
    return web.json_response(company.id, status=201)
