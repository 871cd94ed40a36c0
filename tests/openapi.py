"""OpenAPI documents, reduced to what they promise to a program, so that they can be compared.

Left out is what only people read: titles, descriptions, names of operations and of schemas,
tags, examples. What can be written in several ways that mean the same is written in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
FOR_PEOPLE = {"title", "description", "summary", "example", "examples", "$comment"}
LISTS_OF_SCHEMAS = ("anyOf", "allOf", "oneOf", "prefixItems")
SCHEMAS_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
SCHEMAS = ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then")


def operations(document: Json) -> dict[str, dict[str, Any]]:
    """Return what each operation of `document` promises, by its method and path."""
    return {
        f"{method.upper()} {path}": {
            "parameters": dict(_parameters(document, [*_of(item), *_of(operation)])),
            "body": _body(document, _resolve(document, operation.get("requestBody", {}))),
            "responses": {
                status: _response(document, _resolve(document, response))
                for status, response in operation["responses"].items()
            },
            **_others(operation, {"parameters", "requestBody", "responses", "operationId", "tags"}),
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def _of(item: Json) -> list[Json]:
    parameters: list[Json] = item.get("parameters", [])
    return parameters


def _parameters(document: Json, parameters: list[Json]) -> Iterator[tuple[str, Json]]:
    for reference in parameters:
        parameter = _resolve(document, reference)
        yield (
            f"{parameter['in']} {parameter['name']}",
            {
                "schema": normalise(document, parameter["schema"]),
                **_others(parameter, {"in", "name", "schema"}),
            },
        )


def _body(document: Json, body: Json) -> Json:
    return {"content": _content(document, body), **_others(body, {"content"})}


def _response(document: Json, response: Json) -> Json:
    headers = [
        {"in": "header", "name": name.lower(), **_resolve(document, header)}
        for name, header in response.get("headers", {}).items()
    ]
    return {
        "headers": dict(_parameters(document, headers)),
        "content": _content(document, response),
        **_others(response, {"headers", "content"}),
    }


def _content(document: Json, body: Json) -> Json:
    return {
        media_type: {"schema": normalise(document, value["schema"]), **_others(value, {"schema"})}
        for media_type, value in body.get("content", {}).items()
    }


def _others(value: Json, known: set[str]) -> dict[str, Any]:
    # To say that something is not so, or to say nothing, is the same everywhere in OpenAPI.
    return {
        key: other for key, other in value.items() if key not in known | FOR_PEOPLE and other
    }


def _resolve(document: Json, value: Json) -> Json:
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = {**found, **{key: other for key, other in value.items() if key != "$ref"}}
    return value


def normalise(document: Json, schema: Any) -> Any:
    """Return `schema` in its one form, in which what it refers to stands in place."""
    if isinstance(schema, bool):
        return schema
    schema = {
        key: value for key, value in _resolve(document, schema).items() if key not in FOR_PEOPLE
    }
    for key in LISTS_OF_SCHEMAS:
        if key in schema:
            schema[key] = [normalise(document, item) for item in schema[key]]
    for key in SCHEMAS_BY_NAME:
        if key in schema:
            schema[key] = {
                name: normalise(document, item) for name, item in schema[key].items()
            }
    for key in SCHEMAS:
        if key in schema:
            schema[key] = normalise(document, schema[key])
    return _simplify(schema)


def _simplify(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if isinstance(schema.get("type"), list):
        schema["anyOf"] = [{"type": type_} for type_ in schema.pop("type")]
    if "null" in [item.get("type") for item in schema.get("oneOf", [])]:
        # No value is both null and what the others allow.
        schema["anyOf"] = schema.pop("oneOf")
    for key in ("anyOf", "allOf", "oneOf"):
        if len(schema.get(key, [])) == 1 and not schema.keys() & schema[key][0].keys():
            [item] = schema.pop(key)
            schema |= item
    if "required" in schema:
        schema["required"] = sorted(schema["required"])
    for key in ("required", "deprecated"):
        if not schema.get(key, True):
            del schema[key]
    return {
        # JSON has one kind of number: 1.0 is 1.
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in schema.items()
    }
