"""Documents are compared by what they promise, however they write it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from support.http.openapi import Json, promises

ID = {"type": "integer", "minimum": 1, "maximum": 9}
DOCUMENT: Json = {
    "paths": {
        "/cats/{id}": {
            "put": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": ID}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/schemas/Cat"}}},
                },
                "responses": {"200": {"content": {"a/b": {"schema": {"type": "string"}}}}},
            }
        }
    },
    "schemas": {
        "Cat": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "maxLength": 5, "pattern": "^a"},
                "next": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "kind": {"const": "cat", "type": "string"},
            },
            "required": ["title", "next"],
            "additionalProperties": False,
        }
    },
}
PUT = ("paths", "/cats/{id}", "put")
ANSWER = (*PUT, "responses", "200", "content", "a/b", "schema")
CAT = ("schemas", "Cat")
TITLE = (*CAT, "properties", "title")
NEXT = (*CAT, "properties", "next")


def changed(path: tuple[str | int, ...], value: Any) -> Json:
    """Return the document with another value at `path`, or without it if this is None."""
    document = deepcopy(DOCUMENT)
    *parents, last = path
    place: Any = document
    for step in parents:
        place = place[step]
    place.pop(last, None)
    if value is not None:
        place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*TITLE, "title"), "Its title"),
        ((*TITLE, "description"), "What they call it"),
        ((*TITLE, "maxLength"), 5.0),
        ((*NEXT,), {"type": ["null", "integer"]}),
        ((*NEXT,), {"oneOf": [{"type": "null"}, {"type": "integer"}]}),
        ((*CAT, "properties", "kind"), {"enum": ["cat"], "type": "string"}),
        ((*CAT, "required"), ["next", "title"]),
        ((*PUT, "parameters", 0, "schema"), {"allOf": [ID]}),
        ((*PUT, "parameters", 0, "deprecated"), False),
        ((*ANSWER, "default"), "b"),
        ((*PUT, "operationId"), "putCat"),
        ((*PUT, "tags"), ["cats"]),
    ],
)
def test_what_means_the_same_is_the_same(path: tuple[str | int, ...], value: Any) -> None:
    assert promises(changed(path, value)) == promises(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*TITLE, "default"), "a"),
        (TITLE, None),
        ((*TITLE, "maxLength"), 6),
        ((*TITLE, "maxLength"), None),
        ((*TITLE, "pattern"), None),
        ((*TITLE, "format"), "email"),
        ((*NEXT, "anyOf"), [{"type": "integer"}]),
        ((*NEXT, "anyOf"), [{"type": "string"}, {"type": "null"}]),
        ((*CAT, "required"), ["next"]),
        ((*CAT, "additionalProperties"), None),
        ((*CAT, "additionalProperties"), {"type": "string"}),
        ((*PUT, "parameters", 0, "required"), None),
        ((*PUT, "parameters", 0, "in"), "query"),
        ((*PUT, "parameters", 0, "schema", "maximum"), 10),
        ((*PUT, "requestBody", "required"), None),
        ((*PUT, "requestBody", "content", "text/plain"), {"schema": {}}),
        ((*PUT, "responses", "404"), {}),
        ((*PUT, "responses", "200", "content"), {"a/c": {"schema": {"type": "string"}}}),
        ((*PUT, "responses", "200", "headers"), {"Location": {"schema": {"type": "string"}}}),
        (("paths", "/dogs"), {"get": {"responses": {"200": {}}}}),
    ],
)
def test_what_means_something_else_is_seen(path: tuple[str | int, ...], value: Any) -> None:
    assert promises(changed(path, value)) != promises(DOCUMENT)
