"""Companies over HTTP. Each handler's transaction ends before it answers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.companies import queries
from app.companies.export import export_lines
# {% if cookiecutter.__jobs %}
from app.companies.jobs import NewCompanies
# {% endif %}
from app.companies.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate
from app.kit.http.requests import body_of, id_of, page_of, sessions_of
from app.kit.http.responses import ModelResponse
from app.kit.http.streaming import NdjsonResponse
# {% if cookiecutter.__jobs %}
from app.kit.jobs.queue import enqueue_job
from app.kit.schemas import JobRead
# {% endif %}


async def list_companies(request: Request) -> Response:
    """Return a page of companies, in the order of their ids."""
    asked = page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_companies(session, limit=asked.limit, after=asked.after)
    return ModelResponse(CompanyPage.model_validate(page))


async def create_company(request: Request) -> Response:
    """Add a company; 409 if the name is taken."""
    body = await body_of(request, CompanyCreate)
    async with sessions_of(request).write.begin() as session:
        company = await queries.create_company(session, name=body.name, industry=body.industry)
    location = f"{request.url.path}/{company.id}"
    return ModelResponse(CompanyRead.model_validate(company), 201, {"Location": location})


# {% if cookiecutter.__jobs %}
async def import_companies(request: Request) -> Response:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    payload = (await body_of(request, NewCompanies)).model_dump(mode="json")
    async with sessions_of(request).write.begin() as session:
        job = await enqueue_job(session, "import_companies", payload=payload)
    return ModelResponse(JobRead.model_validate(job), 202)


# {% endif %}
async def export_companies(request: Request) -> Response:
    """Stream all companies, one JSON object a line."""
    return await NdjsonResponse.start(export_lines(sessions_of(request)))


async def get_company(request: Request) -> Response:
    """Return a company."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).read() as session:
        company = await queries.get_company(session, company_id)
    return ModelResponse(CompanyRead.model_validate(company))


async def update_company(request: Request) -> Response:
    """Change the fields that are sent; 409 if the name is taken."""
    company_id = id_of(request, "company_id")
    changes = (await body_of(request, CompanyUpdate)).model_dump()
    async with sessions_of(request).write.begin() as session:
        company = await queries.update_company(session, company_id, changes=changes)
    return ModelResponse(CompanyRead.model_validate(company))


async def delete_company(request: Request) -> Response:
    """Delete a company and its customers."""
    company_id = id_of(request, "company_id")
    async with sessions_of(request).write.begin() as session:
        await queries.delete_company(session, company_id)
    return Response(status_code=204)


routes = [
    Route("/api/v1/companies", list_companies),
    Route("/api/v1/companies", create_company, methods=["POST"]),
    # {% if cookiecutter.__jobs %}
    Route("/api/v1/companies/import", import_companies, methods=["POST"]),
    # {% endif %}
    Route("/api/v1/companies/export", export_companies),
    Route("/api/v1/companies/{company_id}", get_company),
    Route("/api/v1/companies/{company_id}", update_company, methods=["PATCH"]),
    Route("/api/v1/companies/{company_id}", delete_company, methods=["DELETE"]),
]
