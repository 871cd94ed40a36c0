"""The scripts that fill the database."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.settings import Settings
# {% if cookiecutter.__example %}
from scripts import create_test_data, seed_database
# {% else %}
from scripts import seed_database
# {% endif %}
from tests.support.migrated import count_rows

pytestmark = pytest.mark.usefixtures("committing_sessions")


@pytest.fixture(autouse=True)
def configured(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripts fill the database of the tests."""
    url = settings.sqlalchemy_url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)


async def test_seeding_twice_is_seeding_once(engine: AsyncEngine) -> None:
    await seed_database.main()
    once = await count_rows(engine)
    await seed_database.main()
    assert await count_rows(engine) == once
# {% if cookiecutter.__example %}


async def test_test_data_has_the_size_that_was_asked_for(engine: AsyncEngine) -> None:
    await create_test_data.main(companies=3, customers=7)
    assert sum((await count_rows(engine)).values()) == 3 + 7
# {% endif %}
