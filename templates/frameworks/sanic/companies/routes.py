"""Companies over HTTP. Each handler's transaction ends before it answers."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request, empty

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

blueprint = Blueprint("companies", url_prefix="/companies")


@blueprint.get("/")
async def list_companies(request: Request[Any, Any]) -> HTTPResponse:
    """Return a page of companies, in the order of their ids."""
    asked = page_of(request)
    async with sessions_of(request).read() as session:
        page = await queries.list_companies(session, limit=asked.limit, after=asked.after)
    return model_response(CompanyPage.model_validate(page))


@blueprint.post("/")
async def create_company(request: Request[Any, Any]) -> HTTPResponse:
    """Add a company; 409 if the name is taken."""
    body = body_of(request, CompanyCreate)
    async with sessions_of(request).write.begin() as session:
        company = await queries.create_company(session, name=body.name, industry=body.industry)
    location = request.app.url_for("companies.get_company", company_id=company.id)
    return model_response(CompanyRead.model_validate(company), 201, {"Location": location})


# {% if cookiecutter.__jobs %}
@blueprint.post("/import")
async def import_companies(request: Request[Any, Any]) -> HTTPResponse:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    payload = body_of(request, NewCompanies).model_dump(mode="json")
    async with sessions_of(request).write.begin() as session:
        job = await enqueue_job(session, "import_companies", payload=payload)
    return model_response(JobRead.model_validate(job), 202)


# {% endif %}
@blueprint.get("/export")
async def export_companies(request: Request[Any, Any]) -> None:
    """Stream all companies, one JSON object a line."""
    await stream(request, export_lines(sessions_of(request)))


@blueprint.get("/<company_id>")
async def get_company(request: Request[Any, Any], company_id: str) -> HTTPResponse:
    """Return a company."""
    id_ = id_of(company_id)
    async with sessions_of(request).read() as session:
        company = await queries.get_company(session, id_)
    return model_response(CompanyRead.model_validate(company))


@blueprint.patch("/<company_id>")
async def update_company(request: Request[Any, Any], company_id: str) -> HTTPResponse:
    """Change the fields that are sent; 409 if the name is taken."""
    id_, changes = id_of(company_id), body_of(request, CompanyUpdate).model_dump()
    async with sessions_of(request).write.begin() as session:
        company = await queries.update_company(session, id_, changes=changes)
    return model_response(CompanyRead.model_validate(company))


@blueprint.delete("/<company_id>")
async def delete_company(request: Request[Any, Any], company_id: str) -> HTTPResponse:
    """Delete a company and its customers."""
    id_ = id_of(company_id)
    async with sessions_of(request).write.begin() as session:
        await queries.delete_company(session, id_)
    return empty()
