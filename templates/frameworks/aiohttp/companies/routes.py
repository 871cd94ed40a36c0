"""Companies over HTTP. Each handler's transaction ends before it answers."""

from aiohttp import web

from app.companies import queries
from app.companies.export import export_lines
# {% if cookiecutter.__jobs %}
from app.companies.jobs import NewCompanies
# {% endif %}
from app.companies.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate
from app.kit.http.requests import body_of, id_of, page_of, sessions_of
from app.kit.http.responses import model_response
from app.kit.http.streaming import stream
# {% if cookiecutter.__jobs %}
from app.kit.jobs.queue import enqueue_job
from app.kit.schemas import JobRead
# {% endif %}

routes = web.RouteTableDef()


@routes.get("/companies")
async def list_companies(request: web.Request) -> web.Response:
    """Return a page of companies, in the order of their ids."""
    asked = page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_companies(session, limit=asked.limit, after=asked.after)
    return model_response(CompanyPage.model_validate(page))


@routes.post("/companies")
async def create_company(request: web.Request) -> web.Response:
    """Add a company; 409 if the name is taken."""
    body = await body_of(request, CompanyCreate)
    async with sessions_of(request).write.begin() as session:
        company = await queries.create_company(session, name=body.name, industry=body.industry)
    location = request.app.router["company"].url_for(company_id=str(company.id))
    return model_response(CompanyRead.model_validate(company), 201, {"Location": str(location)})


# {% if cookiecutter.__jobs %}
@routes.post("/companies/import")
async def import_companies(request: web.Request) -> web.Response:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    payload = (await body_of(request, NewCompanies)).model_dump(mode="json")
    async with sessions_of(request).write.begin() as session:
        job = await enqueue_job(session, "import_companies", payload=payload)
    return model_response(JobRead.model_validate(job), 202)


# {% endif %}
@routes.get("/companies/export")
async def export_companies(request: web.Request) -> web.StreamResponse:
    """Stream all companies, one JSON object a line."""
    return await stream(request, export_lines(sessions_of(request)))


@routes.get("/companies/{company_id}", name="company")
async def get_company(request: web.Request) -> web.Response:
    """Return a company."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).read() as session:
        company = await queries.get_company(session, company_id)
    return model_response(CompanyRead.model_validate(company))


@routes.patch("/companies/{company_id}")
async def update_company(request: web.Request) -> web.Response:
    """Change the fields that are sent; 409 if the name is taken."""
    company_id = id_of(request, "company_id")
    changes = (await body_of(request, CompanyUpdate)).model_dump()
    async with sessions_of(request).write.begin() as session:
        company = await queries.update_company(session, company_id, changes=changes)
    return model_response(CompanyRead.model_validate(company))


@routes.delete("/companies/{company_id}")
async def delete_company(request: web.Request) -> web.Response:
    """Delete a company and its customers."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).write.begin() as session:
        await queries.delete_company(session, company_id)
    return web.Response(status=204)
