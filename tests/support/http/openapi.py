"""OpenAPI documents, and what they promise to a program, so that two of them can be compared.

Left out is what only people read: titles, descriptions, names of operations and of schemas,
tags, examples. What can be written in several ways that mean the same is written in one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.bake import ANSWERS
from support.projects import Project

Json = Mapping[str, Any]

PATHS = {
    framework: facts["openapi_path"]
    for framework, facts in ANSWERS["_frameworks"].items()
    if "openapi_path" in facts
}
"""Where the frameworks that have a document serve it."""

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
FOR_PEOPLE = {"title", "description", "summary", "example", "examples", "operationId", "tags"}
IN_ANSWERS = FOR_PEOPLE | {"default"}
"""What says nothing of an answer: Litestar notes the default of an Enum wherever it is used."""
LISTS_OF_SCHEMAS = ("anyOf", "allOf", "oneOf", "prefixItems")
SCHEMAS_BY_NAME = ("properties", "patternProperties")
SCHEMAS = ("items", "additionalProperties", "propertyNames", "contains", "not")

# Asks the application itself: it needs neither a server, a database nor a client for this.
READ = """
import asyncio, sys
from app.main import create_app

async def read(path):
    answer, asked = [], []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": [(b"host", b"service")], "server": ("service", 80),
        "client": None,
    }

    async def receive():
        if asked:
            await asyncio.Event().wait()  # the client stays, and says no more
        asked.append(True)
        return {"type": "http.request"}

    async def send(message):
        answer.append(message.get("body", b""))

    await create_app()(scope, receive, send)
    sys.stdout.buffer.write(b"".join(answer))

asyncio.run(read(sys.argv[1]))
"""


def document_of(project: Project, framework: str) -> Json:
    """Return the document of a project."""
    document: Json = json.loads(project.succeed(project.python, "-c", READ, PATHS[framework]))
    return document


def operations(document: Json) -> dict[str, Json]:
    """Return what each operation of `document` promises, by its method and path."""
    return {
        f"{method.upper()} {path}": {
            "parameters": dict(_parameters(document, [*_of(item), *_of(operation)])),
            "body": _body(document, _resolve(document, operation.get("requestBody", {}))),
            "responses": {
                status: _response(document, _resolve(document, response))
                for status, response in operation["responses"].items()
            },
            **_others(operation, "parameters", "requestBody", "responses"),
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def promises(document: Json) -> dict[str, Any]:
    """Return the same in one level, so that a difference is easily seen."""
    return dict(_leaves(operations(document), ()))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield " > ".join(path), value


def _of(item: Json) -> list[Json]:
    parameters: list[Json] = item.get("parameters", [])
    return parameters


def _parameters(document: Json, parameters: list[Json]) -> Iterator[tuple[str, Json]]:
    for reference in parameters:
        parameter = _resolve(document, reference)
        schema = normalise(document, parameter["schema"])
        others = _others(parameter, "in", "name", "schema")
        yield f"{parameter['in']} {parameter['name']}", {"schema": schema, **others}


def _body(document: Json, body: Json) -> Json:
    return {"content": _content(document, body), **_others(body, "content")}


def _response(document: Json, response: Json) -> Json:
    headers: list[Json] = [
        {"in": "header", "name": name.lower(), **_resolve(document, header)}
        for name, header in response.get("headers", {}).items()
    ]
    return {
        "headers": dict(_parameters(document, headers)),
        "content": _content(document, response, IN_ANSWERS),
        **_others(response, "headers", "content"),
    }


def _content(document: Json, body: Json, left_out: set[str] = FOR_PEOPLE) -> Json:
    return {
        media_type: {
            "schema": normalise(document, value["schema"], left_out),
            **_others(value, "schema"),
        }
        for media_type, value in body.get("content", {}).items()
    }


def _others(value: Json, *known: str) -> dict[str, Any]:
    # What is empty or false here, is so where it is left out, too.
    return {
        key: other for key, other in value.items() if key not in {*known, *FOR_PEOPLE} and other
    }


def _resolve(document: Json, value: Json) -> Json:
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = {**found, **{key: other for key, other in value.items() if key != "$ref"}}
    return value


def normalise(document: Json, schema: Any, left_out: set[str] = FOR_PEOPLE) -> Any:
    """Return `schema` in its one form, in which what it refers to stands in place."""
    if isinstance(schema, bool):
        return schema
    resolved = _resolve(document, schema)
    schema = {key: value for key, value in resolved.items() if key not in left_out}
    for key in LISTS_OF_SCHEMAS:
        if key in schema:
            schema[key] = [normalise(document, item, left_out) for item in schema[key]]
    for key in SCHEMAS_BY_NAME:
        if key in schema:
            schema[key] = {
                name: normalise(document, item, left_out) for name, item in schema[key].items()
            }
    for key in SCHEMAS:
        if key in schema:
            schema[key] = normalise(document, schema[key], left_out)
    return _simplify(schema)


def _simplify(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if isinstance(schema.get("type"), list):
        schema["anyOf"] = [{"type": type_} for type_ in schema.pop("type")]
    if {"type": "null"} in schema.get("oneOf", []) and len(schema["oneOf"]) == 2:
        # One of both or any of both is the same, as nothing is null and something else.
        schema["anyOf"] = schema.pop("oneOf")
    for key in ("anyOf", "allOf", "oneOf"):
        if len(schema.get(key, [])) == 1 and not schema.keys() & schema[key][0].keys():
            [item] = schema.pop(key)
            schema |= item
    if "anyOf" in schema:
        schema["anyOf"] = sorted(schema["anyOf"], key=str)
    if required := sorted(schema.pop("required", [])):
        schema["required"] = required
    return {
        # JSON has one kind of numbers: 1.0 is 1.
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in schema.items()
    }
