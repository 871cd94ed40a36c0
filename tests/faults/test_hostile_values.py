"""Values are stored and returned as they were sent, or refused: none of them is ever SQL."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.http.contract import COMPANIES, PROBLEM
from support.http.hostile import SQL
from support.http.hostile_service import DATA, TOLD, Target
from support.projects import each

pytestmark = [
    pytest.mark.faults,
    pytest.mark.parametrize("hostile_target", each(DATA), indirect=True),
]

# Surrogates, NUL, other controls, everything.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=125),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=120),
    st.text("\x00\x1f\x7f\x85\u2028\u200b\u202e\ufeff\ud800 a'\"\\%;", max_size=8),
    st.sampled_from(SQL),
    st.lists(st.sampled_from(SQL), min_size=1, max_size=3).map("".join),
)


def is_valid(text: str) -> bool:
    """Return whether a company may have this name: at most 120 characters, one of them visible."""
    if "\x00" in text or any(unicodedata.category(character) == "Cs" for character in text):
        return False
    unseen = (
        r"[\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
        r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
        r"\ufff0-\ufffb]*"
    )
    return len(text) <= 120 and not re.fullmatch(unseen, text)


def test_sql_is_text(hostile_target: Target) -> None:
    with httpx2.Client(base_url=hostile_target.url, timeout=60) as client:
        for number, text in enumerate(SQL):
            name = f"{number} {text}"
            response = client.post(COMPANIES, json={"name": name, "industry": text})
            assert response.status_code == 201, response.text
            path = response.headers["Location"]
            renamed = client.patch(path, json={"name": f"{name}!"})
            assert renamed.json()["name"] == f"{name}!"
            stored = client.get(path).json()
            assert (stored["name"], stored["industry"]) == (f"{name}!", text)
            customer = client.post(
                f"{path}/customers", json={"name": text, "email": f"{number}'--@x"}
            )
            assert customer.status_code == 201, customer.text
            read = client.get(customer.headers["Location"]).json()
            assert (read["name"], read["email"]) == (text, f"{number}'--@x")
            for query in ("limit", "after"):
                refused = client.get(COMPANIES, params={query: text})
                assert refused.status_code == 422, (text, refused.text)
            assert client.get(f"{COMPANIES}/{text.encode().hex()}x").status_code == 422
    hostile_target.check()


def test_any_text_comes_back_or_is_refused(
    hostile_target: Target, figures: Callable[[str], None]
) -> None:
    answers: Counter[int] = Counter()
    with httpx2.Client(base_url=hostile_target.url, timeout=60) as client:

        @settings(
            database=None,
            deadline=None,
            derandomize=True,
            max_examples=150,
            suppress_health_check=[*HealthCheck],
        )
        @given(name=TEXTS, industry=TEXTS)
        def send(name: str, industry: str) -> None:
            body = {"name": name, "industry": industry}
            # By hand: httpx2 would not send half a character.
            content, headers = json.dumps(body), {"Content-Type": "application/json"}
            response = client.post(COMPANIES, content=content, headers=headers)
            answers[response.status_code] += 1
            if is_valid(name) and is_valid(industry):
                # One of its name may be there: it is unique.
                assert response.status_code in {201, 409}, (body, response.text)
            else:
                assert response.status_code == 422, (body, response.text)
            if response.status_code == 201:
                stored = client.get(response.headers["Location"]).json()
                assert (stored["name"], stored["industry"]) == (name, industry)
            else:
                assert response.headers["Content-Type"] == PROBLEM
                assert not TOLD.search(response.content), response.text

        send()
    figures(f"answers {dict(sorted(answers.items()))}")
    assert answers[201] >= 20
    assert answers[422] >= 20
    hostile_target.check()
