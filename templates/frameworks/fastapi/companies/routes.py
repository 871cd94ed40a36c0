"""Companies over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.companies import queries
from app.companies.export import export_lines
# {% if cookiecutter.__jobs %}
from app.companies.jobs import NewCompanies
# {% endif %}
from app.companies.model import Company
from app.companies.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate
from app.kit.http.error_handlers import documented
from app.kit.http.sessions import Factories, Read, Write
from app.kit.http.streaming import NdjsonResponse
# {% if cookiecutter.__jobs %}
from app.kit.jobs.model import Job
from app.kit.jobs.queue import enqueue_job
# {% endif %}
from app.kit.pages import Page
# {% if cookiecutter.__jobs %}
from app.kit.schemas import Id, JobRead, PageQuery
# {% else %}
from app.kit.schemas import Id, PageQuery
# {% endif %}

router = APIRouter(prefix="/companies", tags=["companies"])


@router.get("", response_model=CompanyPage, responses=documented(422, 503))
async def list_companies(session: Read, page: Annotated[PageQuery, Query()]) -> Page[Company]:
    """Return a page of companies, in the order of their ids."""
    return await queries.list_companies(session, limit=page.limit, after=page.after)


@router.post(
    "", response_model=CompanyRead, status_code=201, responses=documented(409, 413, 422, 503)
)
async def create_company(
    session: Write, body: CompanyCreate, request: Request, response: Response
) -> Company:
    """Add a company; 409 if the name is taken."""
    company = await queries.create_company(session, name=body.name, industry=body.industry)
    response.headers["Location"] = f"{request.url.path}/{company.id}"
    return company


# {% if cookiecutter.__jobs %}
@router.post(
    "/import", response_model=JobRead, status_code=202, responses=documented(413, 422, 503)
)
async def import_companies(session: Write, body: NewCompanies) -> Job:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    payload = body.model_dump(mode="json")
    return await enqueue_job(session, "import_companies", payload=payload)


# {% endif %}
@router.get("/export", status_code=200, response_class=NdjsonResponse, responses=documented(503))
async def export_companies(sessions: Factories) -> NdjsonResponse:
    """Stream all companies, one JSON object a line."""
    return await NdjsonResponse.start(export_lines(sessions))


@router.get("/{company_id}", response_model=CompanyRead, responses=documented(404, 422, 503))
async def get_company(session: Read, company_id: Id) -> Company:
    """Return a company."""
    return await queries.get_company(session, company_id)


@router.patch(
    "/{company_id}", response_model=CompanyRead, responses=documented(404, 409, 413, 422, 503)
)
async def update_company(session: Write, company_id: Id, body: CompanyUpdate) -> Company:
    """Change the fields that are sent; 409 if the name is taken."""
    return await queries.update_company(session, company_id, changes=body.model_dump())


@router.delete(
    "/{company_id}", status_code=204, response_class=Response, responses=documented(404, 422, 503)
)
async def delete_company(session: Write, company_id: Id) -> None:
    """Delete a company and its customers."""
    await queries.delete_company(session, company_id)
