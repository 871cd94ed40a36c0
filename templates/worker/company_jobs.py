"""Jobs about companies."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import FailFast
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company
from app.companies.schemas import CompanyCreate
from app.kit.schemas import RequestSchema


class NewCompanies(RequestSchema):
    """The payload of `import_companies`."""

    companies: Annotated[list[CompanyCreate], FailFast()]


async def import_companies(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Add all the companies or none; raises ConflictError if a name is taken."""
    for company in NewCompanies.model_validate(payload).companies:
        await create_company(session, name=company.name, industry=company.industry)
