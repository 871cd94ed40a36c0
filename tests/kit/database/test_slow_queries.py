"""The log of slow queries: what was asked, how long it took, and where it was asked."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kit.db.engine import open_engine
from app.settings import Settings

TWO = "SELECT n FROM (SELECT 1 AS n UNION SELECT 2) AS numbers WHERE 'secret' <> :value"
WRONG = "SELECT nothing FROM numbers WHERE n = 'secret'"


def slow(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what was logged of the two statements, each with its fields."""
    records = map(vars, caplog.records)
    return [record for record in records if "numbers" in record.get("statement", "")]


async def test_a_slow_query_is_logged_with_its_place(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    always = settings.model_copy(update={"app_slow_query": 1e-9})
    async with open_engine(always) as engine, engine.connect() as connection:
        await connection.execute(text(TWO), {"value": "hidden"})
        with pytest.raises(SQLAlchemyError):
            await connection.execute(text(WRONG))
    found, failed = slow(caplog)
    assert found["levelname"] == failed["levelname"] == "WARNING"
    assert 0 < found["duration"] < 60
    # SQLite does not know before they are fetched.
    assert found.get("rows", 2) == 2
    assert "rows" not in failed
    for record in (found, failed):
        assert record["place"].replace("\\", "/").startswith("tests/kit/test_slow_queries.py:")
        assert f"asked in {record['place']}: {record['statement']}" in record["message"]
    assert "WHERE … <> " in found["statement"]
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize(("threshold", "listeners"), [(60, 1), (0, 0)])
async def test_a_fast_query_is_not_logged_and_no_threshold_costs_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture, threshold: float, listeners: int
) -> None:
    patient = settings.model_copy(update={"app_slow_query": threshold})
    async with open_engine(patient) as engine, engine.connect() as connection:
        await connection.execute(text(TWO), {"value": "hidden"})
        assert len(list(engine.sync_engine.dispatch.after_cursor_execute)) == listeners
    assert not slow(caplog)
