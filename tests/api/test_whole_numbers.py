"""What the schema calls a whole number is refused where it is none, and not cut down to one."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.client import Caller, as_, as_user
from tests.factories import accounts, tenancy, writers

pytestmark = pytest.mark.django_db


@pytest.fixture
def callers() -> list[Caller]:
    atlas = tenancy.website("atlas")
    members = [accounts.membership(atlas, role) for role in ("client", "editor", "support")]
    return [as_user(accounts.superadmin(), atlas), *map(as_, [*members, writers.writer(atlas).member])]


def asked() -> list[tuple[str, str]]:
    """Each list's parameters that are whole numbers."""
    paths = Client().get("/api/v1/schema/").json()["paths"]
    return [
        (path, one["name"])
        for path, item in paths.items()
        if "get" in item and "{" not in path
        for one in item["get"].get("parameters", ())
        if one["in"] == "query" and one["schema"].get("type") == "integer"
    ]


def test_a_fraction_is_no_whole_number(callers: list[Caller]) -> None:
    found = asked()
    assert ("/api/v1/admin-management/reviews/moderation-queue/", "rating_min") in found
    for path, name in found:
        refused = []
        for caller in callers:
            problem = Client().get(path, query_params={name: "4.5"}, headers=caller._headers).json()
            assert problem["status"] in (400, 403), (path, name, problem)
            refused += [[error["field"] for error in problem["errors"]]] * (problem["status"] == 400)
        assert refused, (path, name)
        assert all(fields == [name] for fields in refused), (path, name, refused)
