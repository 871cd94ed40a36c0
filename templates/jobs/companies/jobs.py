"""Jobs about companies."""

from collections.abc import Mapping
# {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
from typing import Any

from msgspec import convert
# {% else %}
from typing import Annotated, Any

from pydantic import FailFast
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company
from app.companies.schemas import CompanyCreate
from app.kit.schemas import RequestSchema


class NewCompanies(RequestSchema):
    """The payload of `import_companies`."""

    # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
    companies: list[CompanyCreate]
    # {% else %}
    companies: Annotated[list[CompanyCreate], FailFast()]
    # {% endif %}


async def import_companies(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the companies or none; raises ConflictError if a name is taken."""
    # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
    new = convert(payload, NewCompanies)
    # {% else %}
    new = NewCompanies.model_validate(payload)
    # {% endif %}
    for company in new.companies:
        await create_company(session, name=company.name, industry=company.industry)
