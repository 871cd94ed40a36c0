"""No value of a row, and nothing of a request but its method and its path, is ever printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from support.faults.secret_settings import DEBUG, SECRET
from support.http.contract import COMPANIES
from support.http.hostile_service import HTTP, target
from support.http.raw_http import exchange
from support.projects import Project, each

pytestmark = pytest.mark.faults

DRIVERS = [(driver, "fastapi") for driver in ("asyncpg", "psycopg", "asyncmy", "aiomysql")]


@pytest.mark.parametrize("variant", each(DRIVERS))
def test_no_value_of_a_row_is_printed(
    variant: tuple[str, ...], installed: Callable[..., Project], tmp_path: Path
) -> None:
    with target(installed(variant), tmp_path, **DEBUG) as it:
        service = it.service
        body = {"name": SECRET, "industry": SECRET}
        with httpx2.Client(base_url=service.url, timeout=60) as client:
            for status, sent in (
                (201, body),
                (409, body),
                (422, body | {SECRET[:5]: SECRET}),
                (422, {"name": SECRET * 20, "industry": SECRET}),
            ):
                response = client.post(COMPANIES, json=sent)
                assert response.status_code == status, response.text
                assert SECRET not in response.text or status == 201
            path = client.post(COMPANIES, json={"name": "x", "industry": "x"}).headers["Location"]
            customer = {"name": SECRET, "email": f"{SECRET}@x"}
            assert client.post(f"{path}/customers", json=customer).status_code == 201
            assert client.post(f"{path}/customers", json={"name": SECRET}).status_code == 422
            assert client.post(f"{COMPANIES}/4711/customers", json=customer).status_code == 404
        log = service.stop()
    assert SECRET not in log


@pytest.mark.parametrize("variant", each(HTTP))
def test_no_secret_of_a_request_is_printed(
    variant: tuple[str, ...], installed: Callable[..., Project], tmp_path: Path
) -> None:
    with target(installed(variant), tmp_path, **DEBUG) as it:
        headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"}
        for path in (COMPANIES, "/health", "/api/v1/nothing", f"{COMPANIES}/1"):
            httpx2.get(f"{it.url}{path}?token={SECRET}", headers=headers)
        # What is no HTTP: parsers quote it.
        for line in (f"Authorization: {SECRET}\x01", f"{SECRET}", f" {SECRET}: x"):
            exchange(it.url, f"GET /health HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
        exchange(it.url, f"GET /health?{SECRET}\x01 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        exchange(it.url, f"GET {SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        log = it.service.stop()
    # hypercorn takes any word for a path, and paths are logged (docs/requests.md).
    path = f"INFO: app.requests: GET {SECRET} 404 " if "hypercorn" in variant else "\n"
    lines = [line for line in log.splitlines() if SECRET in line and path not in line]
    assert not lines, "\n".join(lines)
