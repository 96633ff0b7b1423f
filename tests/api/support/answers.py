"""What tests of the support desk read from its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.tenancy.models import TenantModel, Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_

API = "/api/v1/"
DESK = f"{API}support-management/"
Count = Callable[[Callable[[], Any]], int]


def fields(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem["errors"]]


def allowed(row: dict[str, Any]) -> set[str]:
    return {one["action"] for one in row["available_actions"] if one["allowed"]}


def ids(answer: dict[str, Any]) -> list[int]:
    assert answer["count"] == len(answer["results"])
    return [row["id"] for row in answer["results"]]


def read(by: Membership, path: str, query: dict[str, Any], status: int | None = None) -> Any:
    """For parameters of any name, `status` among them."""
    return as_(by).send("GET", path, status, query_params=query)


def count(rows: type[TenantModel], of: Website) -> int:
    with website_scope(of.pk):
        return rows.objects.of(of).count()


def events(of: Website) -> list[str]:
    """Verbs of everything that happened, oldest first."""
    with website_scope(of.pk):
        return list(Event.objects.of(of).order_by("id").values_list("verb", flat=True))
