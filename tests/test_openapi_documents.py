"""The frameworks' OpenAPI documents promise the same, and it is what the contract asks for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from support.bake import choices
from support.http.contract import CONTRACT, PROBLEM, Step
from support.http.openapi import PATHS, Json, document_of, operations, promises
from support.projects import Project, Variant

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("openapi")]

# What is answered only when the database is away, or another client deletes the company.
RARE = {"503", "POST /api/v1/companies/{company_id}/customers 409"}
FIRST, *OTHERS = PATHS


@pytest.fixture(scope="module")
def documents(installed: Callable[[Variant], Project]) -> dict[str, Json]:
    """Return the document of each framework that has one, from a project of its own."""
    driver = choices("driver")[0]
    return {
        framework: document_of(installed((driver, framework)), framework) for framework in PATHS
    }


def operation_of(step: Step, names: Json) -> str | None:
    """Return which operation a step of the contract calls, if there is such a one."""
    path = step.path.partition("?")[0]
    for name in sorted(names, key=lambda name: "{" in name):
        method, template = name.split()
        pattern = re.sub(r"{\w+}", "[^/]+", template)
        if method == step.method and re.fullmatch(pattern, path):
            return name
    return None


@pytest.mark.parametrize("framework", OTHERS)
def test_they_promise_the_same(documents: dict[str, Json], framework: str) -> None:
    assert promises(documents[framework]) == promises(documents[FIRST])


@pytest.mark.parametrize("framework", PATHS)
def test_every_answer_of_the_contract_is_promised(
    documents: dict[str, Json], framework: str
) -> None:
    promised = operations(documents[framework])
    for step in CONTRACT:
        name = operation_of(step, promised)
        if name is None:
            # HEAD is answered like GET, and is in no document.
            assert step.method == "HEAD" or step.status in {404, 405}, step
            continue
        response = promised[name]["responses"].get(str(step.status))
        assert response, (name, step.status)
        if step.status >= 400:
            assert [*response["content"]] == [PROBLEM], (name, step.status)
        elif step.status == 204:
            assert not response["content"], name
        else:
            media_type = step.headers.get("Content-Type", "application/json")
            assert [*response["content"]] == [media_type], name


@pytest.mark.parametrize("framework", PATHS)
def test_every_promised_answer_is_in_the_contract(
    documents: dict[str, Json], framework: str
) -> None:
    promised = operations(documents[framework])
    answered = defaultdict(set)
    for step in CONTRACT:
        answered[operation_of(step, promised)].add(str(step.status))
    for name, operation in promised.items():
        for status in operation["responses"].keys() - answered[name]:
            assert {status, f"{name} {status}"} & RARE, (name, status)
