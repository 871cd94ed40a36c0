"""Every framework's service answers as its OpenAPI document says, whatever Schemathesis sends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bake import WEB_FRAMEWORKS, choices
from support.http.openapi import PATHS, document_of
from support.projects import (
    PATIENCE,
    Project,
    Variant,
    each,
    environment,
    migrated_database,
    serving,
)

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
CONFIGURATION = """
# "export" is an id, too, though not a good one: where ids have more methods, the answer is 422.
[[operations]]
include-path = "/api/v1/companies/export"
checks.unsupported_method.enabled = false
checks.allow_header_conformance.enabled = false

# A cursor is a text that only the service can make: whatever else is sent is answered 422.
[[operations]]
include-name = ["GET /api/v1/companies", "GET /api/v1/companies/{company_id}/customers"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 422]
"""
EXCLUDED = {
    # Litestar answers OPTIONS by itself, and only with the method that the path got first.
    "litestar": ["--exclude-checks", "allow_header_conformance"],
}
EXAMPLES = 20
"""Of each operation, in each phase that makes them up."""


@pytest.mark.parametrize(
    "variant",
    # The first serves its document; Sanic has none, and a server of its own.
    each(
        [(DRIVER, framework) for framework in WEB_FRAMEWORKS],
        usual=[(DRIVER, WEB_FRAMEWORKS[0]), (DRIVER, "sanic")],
    ),
)
def test_it_keeps_what_the_document_promises(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    _, framework = variant
    # One that has no document keeps the same contract as the first that has one.
    described = framework if framework in PATHS else next(iter(PATHS))
    document = document_of(installed((DRIVER, described)), described)
    project = installed(variant)
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
    with (
        migrated_database(project, tmp_path) as url,
        serving(project, tmp_path / "log", DATABASE_URL=url) as service,
    ):
        run_schemathesis(tmp_path, service.url, *EXCLUDED.get(framework, []))


def run_schemathesis(directory: Path, url: str, *options: str) -> None:
    """Hold the service at `url` to openapi.json, with all checks and the same data each time."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", "openapi.json"),
            *("--url", url, "--workers", "1", "--max-examples", str(EXAMPLES)),
            # Times are those of this machine: only an answer that never comes is a failure.
            *("--suppress-health-check", "too_slow", "--request-timeout", str(PATIENCE // 5)),
            *("--generation-deterministic", *options),
        ],
        cwd=directory,
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
    for phase in ("Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in done.stdout.replace("  ", " "), done.stdout
