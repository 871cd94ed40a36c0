"""Companies over HTTP."""

from quart import Blueprint, Response, url_for
from quart_schema import document_response, tag_blueprint, validate_querystring, validate_request

from app.companies import queries
from app.companies.export import export_lines
# {% if cookiecutter.__jobs %}
from app.companies.jobs import NewCompanies
# {% endif %}
from app.companies.schemas import CompanyCreate, CompanyPage, CompanyRead, CompanyUpdate
from app.kit.http.error_handlers import NoContent, documented
from app.kit.http.requests import Json, as_json
from app.kit.http.sessions import begin_write, get_sessions, open_read
from app.kit.http.streaming import Lines, start_stream
# {% if cookiecutter.__jobs %}
from app.kit.jobs.queue import enqueue_job
from app.kit.schemas import JobRead, PageQuery
# {% else %}
from app.kit.schemas import PageQuery
# {% endif %}

blueprint = Blueprint("companies", __name__)
tag_blueprint(blueprint, ["companies"])


@blueprint.get("")
@validate_querystring(PageQuery)
@document_response(CompanyPage)
@documented(422, 503)
async def list_companies(query_args: PageQuery) -> Json:
    """Return a page of companies, in the order of their ids."""
    async with open_read() as session:
        page = await queries.list_companies(session, limit=query_args.limit, after=query_args.after)
    return as_json(CompanyPage, page)


@blueprint.post("")
@validate_request(CompanyCreate)
@document_response(CompanyRead, 201)
@documented(409, 413, 422, 503)
async def create_company(data: CompanyCreate) -> tuple[Json, int, dict[str, str]]:
    """Add a company; 409 if the name is taken."""
    async with begin_write() as session:
        company = await queries.create_company(session, name=data.name, industry=data.industry)
    location = url_for("companies.get_company", company_id=company.id)
    return as_json(CompanyRead, company), 201, {"Location": location}


# {% if cookiecutter.__jobs %}
@blueprint.post("/import")
@validate_request(NewCompanies)
@document_response(JobRead, 202)
@documented(413, 422, 503)
async def import_companies(data: NewCompanies) -> tuple[Json, int]:
    """Have a worker add companies, all or none: it finds the job once this is committed."""
    async with begin_write() as session:
        payload = data.model_dump(mode="json")
        job = await enqueue_job(session, "import_companies", payload=payload)
    return as_json(JobRead, job), 202


# {% endif %}
@blueprint.get("/export")
@document_response(Lines)
@documented(503)
async def export_companies() -> Response:
    """Stream all companies, one JSON object a line."""
    return await start_stream(export_lines(get_sessions()))


@blueprint.get("/<id:company_id>")
@document_response(CompanyRead)
@documented(404, 422, 503)
async def get_company(company_id: int) -> Json:
    """Return a company."""
    async with open_read() as session:
        company = await queries.get_company(session, company_id)
    return as_json(CompanyRead, company)


@blueprint.patch("/<id:company_id>")
@validate_request(CompanyUpdate)
@document_response(CompanyRead)
@documented(404, 409, 413, 422, 503)
async def update_company(company_id: int, data: CompanyUpdate) -> Json:
    """Change the fields that are sent; 409 if the name is taken."""
    async with begin_write() as session:
        company = await queries.update_company(session, company_id, changes=data.model_dump())
    return as_json(CompanyRead, company)


@blueprint.delete("/<id:company_id>")
@document_response(NoContent, 204)
@documented(404, 422, 503)
async def delete_company(company_id: int) -> tuple[str, int]:
    """Delete a company and its customers."""
    async with begin_write() as session:
        await queries.delete_company(session, company_id)
    return "", 204
