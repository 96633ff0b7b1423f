"""The schema is valid, says what the kit does, and the page that shows it needs nothing from elsewhere."""

import re
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from drf_spectacular.validation import validate_schema

from copydesk.platform import queries

METHODS = {"get", "post", "put", "patch", "delete"}


pytestmark = pytest.mark.django_db


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema/")
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi+json")
    return answer.json()  # type: ignore[no-any-return]


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def needs_token(operation: dict[str, Any]) -> bool:
    return {} not in operation.get("security", [{}])


def test_is_valid(document: dict[str, Any]) -> None:
    validate_schema(document)


def test_every_operation_declares_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        declared = set(operation["responses"])
        wanted = {"400"}
        if needs_token(operation):
            wanted |= {"401"}
        if "{" in path:
            wanted |= {"403", "404"} if needs_token(operation) else {"404"}
        if "requestBody" in operation:
            wanted |= {"413", "415"}
        assert wanted <= declared, (method, path, wanted - declared)
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)


def test_headers(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        headers = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post" and "422" in operation["responses"]), path
        if "/auth/" not in path and needs_token(operation):
            assert "X-Website" in headers, path


def test_ordering_is_enumerated(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/writers/"]["get"]["parameters"]
    ordering = next(one for one in parameters if one["name"] == "ordering")
    assert {"pen_name", "-pen_name"} <= set(ordering["schema"]["items"]["enum"])


def test_only_what_has_pages_takes_a_page(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        if {"page", "page_size"} & {parameter["name"] for parameter in operation.get("parameters", [])}:
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            listed = document["components"]["schemas"][answer.rpartition("/")[2]]["properties"]
            assert {"results", "next"} & set(listed), path


def test_page_is_served_from_here() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "/api/v1/schema/" in page
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    for source in sources:
        assert source.startswith("/"), source
        assert Client().get(source).status_code == 200, source


def test_accounts_library_has_its_page() -> None:
    assert "/api/v1/auth/openapi.json" in Client().get("/api/v1/docs/accounts/").content.decode()
    paths = Client().get("/api/v1/auth/openapi.json").json()["paths"]
    assert "/api/v1/auth/app/v1/auth/login" in paths


class TestHealth:
    def test_live(self) -> None:
        assert Client().get("/healthz/live/").json() == {"status": "ok"}

    def test_ready(self) -> None:
        answer = Client().get("/healthz/ready/")
        assert answer.json() == {"status": "ok", "checks": {"database": True, "migrations": True, "queue": True}}

    def test_not_ready_while_a_migration_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries.MigrationExecutor, "migration_plan", lambda *_: [("one", False)])
        answer = Client().get("/healthz/ready/")
        assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, False)

    def test_not_ready_without_a_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unreachable(*_: object) -> None:
            raise queries.DatabaseError("gone")

        monkeypatch.setattr(type(connections["default"]), "cursor", unreachable)
        answer = Client().get("/healthz/ready/")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert Client().get("/healthz/live/").status_code == 200
