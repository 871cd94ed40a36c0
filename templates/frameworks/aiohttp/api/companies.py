"""Companies over HTTP. Each handler's transaction ends before it answers."""

from aiohttp import web

from app import companies
from app.api.export import export_lines, stream
from app.api.requests import body_of, id_of, page_of, sessions_of
from app.api.responses import model_response
from app.api.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate

routes = web.RouteTableDef()


@routes.get("/companies")
async def list_companies(request: web.Request) -> web.Response:
    """Return a page of companies, in the order of their ids."""
    asked = page_of(request)
    async with sessions_of(request).read() as session:
        page = await companies.list_companies(session, limit=asked.limit, after=asked.after)
    return model_response(CompanyPage.model_validate(page))


@routes.post("/companies")
async def create_company(request: web.Request) -> web.Response:
    """Add a company; 409 if the name is taken."""
    body = await body_of(request, CompanyCreate)
    async with sessions_of(request).write.begin() as session:
        company = await companies.create_company(session, **body.model_dump())
    location = request.app.router["company"].url_for(company_id=str(company.id))
    return model_response(CompanyRead.model_validate(company), 201, {"Location": str(location)})


@routes.get("/companies/export")
async def export_companies(request: web.Request) -> web.StreamResponse:
    """Stream all companies, one JSON object a line."""
    return await stream(request, export_lines(sessions_of(request)))


@routes.get("/companies/{company_id}", name="company")
async def get_company(request: web.Request) -> web.Response:
    """Return a company."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).read() as session:
        company = await companies.get_company(session, company_id)
    return model_response(CompanyRead.model_validate(company))


@routes.patch("/companies/{company_id}")
async def update_company(request: web.Request) -> web.Response:
    """Change the fields that are sent; 409 if the name is taken."""
    company_id = id_of(request, "company_id")
    changes = (await body_of(request, CompanyUpdate)).model_dump()
    async with sessions_of(request).write.begin() as session:
        company = await companies.update_company(session, company_id, changes=changes)
    return model_response(CompanyRead.model_validate(company))


@routes.delete("/companies/{company_id}")
async def delete_company(request: web.Request) -> web.Response:
    """Delete a company and its customers."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).write.begin() as session:
        await companies.delete_company(session, company_id)
    return web.Response(status=204)
