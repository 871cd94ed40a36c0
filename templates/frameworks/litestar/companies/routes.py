"""Companies over HTTP."""

from litestar import Response, Router, delete, get, patch, post
from msgspec import to_builtins

from app.companies import queries
from app.companies.export import export_lines
# {% if cookiecutter.__jobs %}
from app.companies.jobs import NewCompanies
# {% endif %}
from app.companies.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate
from app.kit.http.error_handlers import Documented, documented
from app.kit.http.requests import (
    After,
    AnyRequest,
    Id,
    Limit,
    StrictBody,
    path_of,
    refuse_unknown_parameters,
)
from app.kit.http.sessions import Factories, Read, Write
from app.kit.http.streaming import DOCUMENTED, NdjsonResponse
# {% if cookiecutter.__jobs %}
from app.kit.jobs.queue import enqueue_job
from app.kit.schemas import JobRead
# {% endif %}


@get(
    before_request=refuse_unknown_parameters,
    operation_class=Documented,
    responses=documented(422, 503),
)
async def list_companies(read: Read, limit: Limit = 50, after: After = "") -> CompanyPage:
    """Return a page of companies, in the order of their ids."""
    return CompanyPage.of(await queries.list_companies(read, limit=limit, after=after))


@post(operation_class=Documented, responses=documented(409, 413, 422, 503))
async def create_company(
    write: Write, data: StrictBody[CompanyCreate], request: AnyRequest
) -> Response[CompanyRead]:
    """Add a company; 409 if the name is taken."""
    company = await queries.create_company(write, name=data.name, industry=data.industry)
    location = path_of(request, "get_company", company_id=str(company.id))
    return Response(CompanyRead.of(company), headers={"Location": location})


# {% if cookiecutter.__jobs %}
@post("/import", status_code=202, operation_class=Documented, responses=documented(413, 422, 503))
async def import_companies(write: Write, data: StrictBody[NewCompanies]) -> JobRead:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    payload = to_builtins(data)
    return JobRead.of(await enqueue_job(write, "import_companies", payload=payload))


# {% endif %}
@get("/export", responses={200: DOCUMENTED} | documented(503))
async def export_companies(sessions: Factories) -> NdjsonResponse:
    """Stream all companies, one JSON object a line."""
    return await NdjsonResponse.start(export_lines(sessions))


# Ids are `str` in paths: for `int`, what is no number would be another route, and so a 404.
@get(
    "/{company_id:str}",
    name="get_company",
    operation_class=Documented,
    responses=documented(404, 422, 503),
)
async def get_company(read: Read, company_id: Id) -> CompanyRead:
    """Return a company."""
    return CompanyRead.of(await queries.get_company(read, company_id))


@patch(
    "/{company_id:str}", operation_class=Documented, responses=documented(404, 409, 413, 422, 503)
)
async def update_company(
    write: Write, company_id: Id, data: StrictBody[CompanyUpdate]
) -> CompanyRead:
    """Change the fields that are sent; 409 if the name is taken."""
    changes = to_builtins(data)
    return CompanyRead.of(await queries.update_company(write, company_id, changes=changes))


@delete("/{company_id:str}", operation_class=Documented, responses=documented(404, 422, 503))
async def delete_company(write: Write, company_id: Id) -> None:
    """Delete a company and its customers."""
    await queries.delete_company(write, company_id)


router = Router(
    "/companies",
    route_handlers=[
        list_companies,
        create_company,
        # {% if cookiecutter.__jobs %}
        import_companies,
        # {% endif %}
        export_companies,
        get_company,
        update_company,
        delete_company,
    ],
    tags=["companies"],
)
