"""Answers are what the OpenAPI schema says; and whatever is sent, no answer is a 500 or undeclared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from openapi_schema_validator import OAS31Validator
from pytest_django import DjangoDbBlocker

from copydesk.api.schema import document
from tests.api.client import Caller
from tests.api.routes import Route, routes
from tests.api.test_permissions import MULTIPART, undone
from tests.api.world import World, pair

WRITING = ("client", "writer", "admin", "editor")
JUNK: tuple[Any, ...] = (
    None,
    -1,
    2**31,
    2**63,
    1e300,
    "",
    "a\0b",
    "x" * 20_000,
    "\u202e\U0001f600",
    "NaN",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    [[]],
    {"a": [1]},
)
PARAMETERS = (
    "",
    "x",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "NaN",
    "a\0b",
    "é",
    "true,false",
    "2026-02-30",
    ",",
    "-",
)
SCHEMA: dict[str, Any] = json.loads(document())
OPERATIONS = {
    (method.upper(), re.sub(r"\{\w+\}", "{id}", path)): operation
    for path, item in SCHEMA["paths"].items()
    for method, operation in item.items()
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), undone():
        yield pair()[0]


@pytest.fixture(scope="module")
def callers(world: World) -> dict[str, Caller]:
    return {role: world.caller(role) for role in ("anonymous", *world.people, "superadmin")}


def reading() -> list[Route]:
    return [route for route in routes() if route.method == "GET"]


def writing() -> list[Route]:
    return [
        route
        for route in routes()
        if route.method != "GET" and route.path.removeprefix("/api/v1/") not in MULTIPART and "/auth/" not in route.path
    ]


def test_every_route_is_in_the_schema() -> None:
    assert {(route.method, route.path) for route in routes()} == set(OPERATIONS)


@pytest.mark.parametrize("route", reading(), ids=str)
def test_what_is_read_has_the_shape_that_the_schema_says(
    route: Route, world: World, callers: dict[str, Caller]
) -> None:
    seen = 0
    for caller in callers.values():
        response = send(caller, "GET", world.fill(route.path))
        assert_declared(route, response)
        if response.status_code == 200 and response["Content-Type"] == "application/json":
            content = OPERATIONS[route.method, route.path]["responses"]["200"]["content"]
            shape = {**content["application/json"]["schema"], "components": SCHEMA["components"]}
            errors = [
                f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
                for error in OAS31Validator(shape).iter_errors(response.json())
            ]
            assert not errors, errors[:5]
            seen += 1
    assert seen or route.path.endswith(("download/", "receipt/", "stream/"))


@pytest.mark.parametrize("route", reading(), ids=str)
def test_any_parameter_is_answered(route: Route, world: World, callers: dict[str, Caller]) -> None:
    operation = OPERATIONS[route.method, route.path]
    names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    path = world.fill(route.path)
    admitted = next(one for one in reversed(callers.values()) if send(one, "GET", path).status_code < 400)
    for name in [*names, "unknown"]:
        for value in PARAMETERS:
            response = send(admitted, "GET", path, query={name: value})
            assert_declared(route, response, f"?{name}={value!r}")
            if name == "unknown":
                assert response.status_code == 400, f"{route} takes an unknown parameter"


@pytest.mark.parametrize("route", writing(), ids=str)
def test_any_body_is_answered(route: Route, world: World, callers: dict[str, Caller]) -> None:
    fields = properties(OPERATIONS[route.method, route.path])
    sound = {name: example(schema) for name, schema in fields.items()}
    bodies = [*JUNK, *({**sound, name: junk} for name in fields for junk in JUNK)]
    admitted = next((callers[role] for role in WRITING if not refuses(callers[role], route, world)), None)
    if admitted is None:
        pytest.skip("its row is nobody's to write in this world")
    for body in bodies:
        with undone():
            response = send(admitted, route.method, world.fill(route.path), body)
        assert_declared(route, response, json.dumps(body)[:300])


def refuses(caller: Caller, route: Route, world: World) -> bool:
    with undone():
        return send(caller, route.method, world.fill(route.path), {}).status_code in (401, 403, 404)


def send(caller: Caller, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
    client = Client(headers={**caller._headers, "Idempotency-Key": "k"}, raise_request_exception=False)
    if method == "GET":
        return client.get(path, query_params=query or {})
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def assert_declared(route: Route, response: Any, asked: str = "") -> None:
    status = response.status_code
    assert status < 500, f"{route} {asked}: {status}"
    declared = OPERATIONS[route.method, route.path]["responses"]
    assert str(status) in declared, f"{route} {asked}: {status} is not declared, {response.content[:300]!r}"


def properties(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {})
    shape = resolve(content.get("application/json", {}).get("schema", {}))
    return {name: resolve(one) for name, one in shape.get("properties", {}).items()}


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    for one in [schema, *schema.get("allOf", []), *schema.get("oneOf", [])]:
        if "$ref" in one:
            return resolve(SCHEMA["components"]["schemas"][one["$ref"].rpartition("/")[2]])
    return schema


def example(schema: dict[str, Any]) -> Any:
    """Something that the field takes."""
    kind = schema.get("type", "")
    kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-06-01T12:00:00+00:00"
    if kind == "array":
        return [example(resolve(schema["items"]))]
    sound = {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": False, "object": {}}
    return sound.get(kind, "12.50" if schema.get("format") == "decimal" else "Some words.")
