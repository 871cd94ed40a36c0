"""Whatever comes over the wire is refused in good order, and nothing of it stays."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

import httpx2
import pytest
from support.http.contract import COMPANIES, PROBLEM
from support.http.differences import READS_OTHER_JSON
from support.http.hostile import Attack, attacks
from support.http.hostile_service import HTTP, TOLD, Target
from support.http.raw_http import exchange
from support.projects import each

pytestmark = [
    pytest.mark.faults,
    pytest.mark.parametrize("hostile_target", each(HTTP), indirect=True),
]

STATUS = re.compile(rb"^HTTP/\d\.\d (\d{3})", re.MULTILINE)


def test_each_request_is_answered_once_or_refused(
    hostile_target: Target, figures: Callable[[str], None]
) -> None:
    seen: Counter[int] = Counter()
    wrong = []
    for attack in attacks():
        answer = exchange(hostile_target.url, attack.content)
        statuses = [int(status) for status in STATUS.findall(answer)]
        first = next((status for status in statuses if status != 100), 0)
        seen[first] += 1
        if problem := what_is_wrong(attack, answer, statuses):
            wrong.append((attack.name, problem, answer[-200:]))
    figures(f"{seen.total()} requests, first answers {dict(sorted(seen.items()))}")
    assert not wrong, "\n".join(map(str, wrong))
    hostile_target.check()


@pytest.mark.parametrize("media_type", ["application/json-patch+json", "application/a+json"])
def test_other_json_is_read_by_some_frameworks_only(
    request: pytest.FixtureRequest, hostile_target: Target, media_type: str
) -> None:
    framework = request.node.callspec.params["hostile_target"][1]
    status = 201 if READS_OTHER_JSON[framework] else 422
    with httpx2.Client(base_url=hostile_target.url, timeout=60) as client:
        for content, expected in (
            (json.dumps({"name": media_type, "industry": "x"}), status),
            # What it says that it is, and no company.
            ('[{"op": "replace", "path": "/name", "value": "x"}]', 422),
        ):
            headers = {"Content-Type": media_type}
            response = client.post(COMPANIES, content=content, headers=headers)
            assert response.status_code == expected, response.text
    hostile_target.check()


def what_is_wrong(attack: Attack, answer: bytes, statuses: list[int]) -> str:
    """Return it, or nothing."""
    statuses = [status for status in statuses if status != 100]
    if (statuses or [0])[0] not in attack.statuses:
        return f"status {statuses}"
    if len(statuses) > 1 and statuses[0] != 101:
        return f"{len(statuses)} answers"
    # Paths that we are asked for may come back to us.
    head, _, body = answer.partition(b"\r\n\r\n")
    if told := TOLD.search(body if statuses != [200] else b""):
        return f"tells {told[0]!r}"
    is_problem = f"content-type: {PROBLEM}".encode() in head.lower()
    if attack.seen and not is_problem:
        return "no problem document"
    if is_problem:
        content = body[body.index(b"{") : body.rindex(b"}") + 1]
        problem = json.loads(content)
        if problem["status"] != statuses[0] or not problem["detail"]:
            return f"a problem document that is none: {content!r}"
    return ""
