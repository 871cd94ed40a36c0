"""An export that loses its database does not look complete, and is one line of the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.bake import WEB_FRAMEWORKS
from support.faults.soak import BALLAST
from support.faults.stage import Stage
from support.http.contract import COMPANIES
from support.http.raw_http import LAST_CHUNK, connected, request, rest_of, status_of
from support.projects import each

pytestmark = pytest.mark.faults

VARIANTS = [("psycopg", "fastapi"), *(("asyncpg", framework) for framework in WEB_FRAMEWORKS)]


@pytest.mark.parametrize("project", each(VARIANTS), indirect=True)
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_an_export_without_its_end_does_not_look_complete(
    stage: Stage, mode: str, figures: Callable[[str], None]
) -> None:
    with stage.observing() as observer:
        observer.execute(BALLAST)
    with stage.service() as service, connected(service.url) as connection:
        connection.sendall(request("GET", f"{COMPANIES}/export"))
        assert status_of(connection) == 200
        stage.postgres.stop(mode)
        stage.postgres.start()
        rest = rest_of(connection)
        log = service.stop()
    told = [line for line in log.splitlines() if not line.startswith("INFO")]
    figures(f"the stream ends with {rest!r}, and the log says {told}")
    assert rest != LAST_CHUNK
    assert sum("broke off" in line for line in told) == 1, told
    assert "Traceback" not in log, log
