"""The admins of a demonstration website empty every queue of their desk over HTTP, with what its rows offer; parties
answer what they are asked. Then the books balance."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import time_machine
from django.contrib.auth.hashers import make_password

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.demo.bench import books
from copydesk.demo.world import load
from copydesk.orders.models import Order
from copydesk.orders.queries.timeline import order_timeline
from copydesk.payments.queries import Drift, drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from tests.api.client import Caller, as_
from tests.database import url_as
from tests.demo.small import NOW, WORLD
from tests.factories.accounts import actor
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1/"
DESK = f"{API}admin-management/"
PASSWORD = "one for all of them"
OUTCOMES = itertools.cycle(("client_wins", "writer_wins", "extend_deadline", "reassign"))
LATER = (NOW + dt.timedelta(days=60)).isoformat()


@pytest.fixture
def websites() -> Iterator[list[Website]]:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, replace(WORLD, password=make_password(PASSWORD)))
    with across_websites():
        sites = list(Website.objects.order_by("pk"))
    with time_machine.travel(NOW, tick=False):
        yield sites


class Desk:
    def __init__(self, website: Website) -> None:
        self.website = website
        with website_scope(website.pk):
            rows = list(Membership.objects.of(website).select_related("user", "website").order_by("pk"))
        self.members = {row.pk: row for row in rows}
        self.admins = [as_(row) for row in rows if row.role == Role.ADMIN]
        self.keys = (f"key {number}" for number in itertools.count())

    def rows(self, queue: str, tab: str = "all") -> list[Any]:
        found: list[Any] = []
        for page in itertools.count(1):
            answer = self.admins[0].get(f"{DESK}{queue}/", 200, tab=tab, page=page, page_size=100)
            found += answer["results"]
            if answer["next"] is None:
                break
        return found

    def waiting(self, queue: str) -> dict[str, int]:
        counts = self.admins[0].get(f"{DESK}{queue}/", 200)["counts"]
        return {tab: n for tab, n in counts.items() if n and tab != "decided"}

    def post(self, path: str, body: dict[str, Any], by: Caller | None = None) -> Any:
        return (by or self.admins[0]).post(f"{API}{path}", body, 200, idempotency_key=next(self.keys))

    def decide(self, path: str, body: dict[str, Any], refusal: str) -> None:
        """What one admin may not decide alone, another one does."""
        for admin in self.admins:
            answer = admin._client.post(
                f"{API}{path}",
                body,
                content_type="application/json",
                headers={**admin._headers, "Idempotency-Key": next(self.keys)},
            )
            if answer.status_code < 300:
                return
            assert answer.json()["code"] == refusal, answer.content
        pytest.fail(f"{path}: nobody may")

    def previewed(self, path: str, body: dict[str, Any], *beside: str) -> Any:
        """Applied as previewed, field by field but for `beside`."""
        seen = self.post(path, {**body, "mode": "preview"})
        done = self.post(path, body)
        own = {"mode", *beside}
        assert {name: seen[name] for name in seen.keys() - own} == {name: done[name] for name in done.keys() - own}
        return done

    def disputes(self) -> None:
        for row in self.rows("disputes/pending"):
            one = row["dispute"]
            path = f"orders/disputes/{one['id']}"
            if one["status"] == "open":
                self.post(f"{path}/respond/", {"text": "Please say more.", "ask": "client"})
            elif one["status"] == "under_review":
                outcome = next(OUTCOMES)
                more = {"new_deadline": LATER} if outcome == "extend_deadline" else {}
                self.previewed(f"{path}/resolve/", {"outcome": outcome, "note": "Both were heard.", **more})
            else:
                side = one["client_id"] if one["status"] == "awaiting_client" else one["writer_id"]
                self.post(f"{path}/respond/", {"text": "So it was."}, as_(self.members[side]))

    def refunds(self) -> None:
        for row in self.rows("refunds/pending"):
            one, path = row["refund"], f"refunds/{row['refund']['id']}"
            if one["consent_missing"]:
                self.post(f"{path}/consent/", {}, as_(self.members[row["client_id"]]))
            if one["status"] == "failed":
                self.post(f"{path}/retry/", {"reason": "Once more."})
            elif one["status"] in ("requested", "approved"):
                self.decide(f"{path}/process/", {"password": PASSWORD}, "same_person")

    def fines(self) -> None:
        if ids := [row["fine"]["id"] for row in self.rows("fines/pending", "proposed")]:
            body = {"ids": ids, "action": "issue", "reason": "It was late."}
            assert self.previewed("admin-management/fines/bulk/", body)["refused"] == 0
        for number, row in enumerate(self.rows("fines/appeals", "open")):
            path = f"admin-management/fines/appeals/{row['fine']['appeal']['id']}"
            self.decide(f"{path}/{('approve', 'reject')[number % 2]}/", {"reason": "Heard."}, "same_person")

    def reviews(self) -> None:
        for row in self.rows("reviews/moderation-queue"):
            if row["appeal"]:
                path = f"admin-management/reviews/appeals/{row['appeal']['id']}/uphold/"
                self.decide(path, {"reason": "As before."}, "same_moderator")
            else:
                self.post(f"admin-management/reviews/{row['id']}/approve/", {"reason": "It is fair."})

    def assignments(self) -> None:
        if late := [row["order"]["id"] for row in self.rows("orders/assignment-queue", "past_deadline")]:
            self.steer("extend", late, hours=720)
        rows = self.rows("orders/assignment-queue")
        wanted = [
            {"id": row["order"]["id"], "writer_id": row["recommended"][0]["writer_id"]}
            for row in rows
            if row["recommended"]
        ]
        if wanted:
            self.previewed("admin-management/orders/bulk-assign/", {"assignments": wanted})
        if lost := [row["order"]["id"] for row in rows if not row["recommended"]]:
            self.steer("cancel", lost, cause="staff")

    def overdue(self) -> None:
        for tab, more in (("all", {"excused_hours": 720}), ("client_overdue", {"hours": 720})):
            if ids := [row["order"]["id"] for row in self.rows("orders/overdue", tab)]:
                self.steer("extend", ids, **more)

    def stuck(self) -> None:
        """What each row suggests; who is written to answers."""
        for row in self.rows("orders/stuck"):
            order, path = row["order"], f"orders/{row['order']['id']}"
            match row["suggested_action"]:
                case "cancel":
                    self.steer("cancel", [order["id"]], cause="staff")
                case "resume":
                    self.steer("resume", [order["id"]])
                case "release":
                    self.post(f"{path}/release/", {"reason": "No answer."})
                case "reassign":
                    found = self.admins[0].get(f"{API}{path}/candidates/")["recommended"]
                    body = {"writer_id": found[0]["writer_id"], "reason": "No answer."}
                    self.post(f"{path}/reassign/", body)
                case "message_writer":
                    self.asked(path, order["writer"]["id"])
                case "message_client":
                    self.asked(path, order["client"]["id"])
                case "assign_editor":
                    self.edited(order["id"])
                case other:
                    pytest.fail(f"{other}: nothing that waits for it is left")

    def edited(self, order_id: int) -> None:
        """The task goes to another editor, who begins."""
        (task,) = self.admins[0].get(f"{API}editor-management/tasks/", order_id=order_id)["results"]
        holder = task["editor_id"]
        editor = next(pk for pk, row in self.members.items() if row.role == Role.EDITOR and pk != holder)
        path = f"editor-management/tasks/{task['id']}"
        self.post(f"{path}/{'hand-over' if holder else 'assign'}/", {"editor_id": editor, "reason": "It waits."})
        self.post(f"{path}/start/", {}, as_(self.members[editor]))

    def asked(self, path: str, member: int) -> None:
        for caller in (self.admins[0], as_(self.members[member])):
            caller.post(f"{API}{path}/messages/", {"body": "How is it going?"}, 201, idempotency_key=next(self.keys))

    def steer(self, action: str, ids: list[int], **options: Any) -> None:
        body = {"action": action, "ids": ids, "reason": "To be done.", **options}
        assert self.previewed("admin-management/orders/bulk-action/", body)["refused"] == 0


def test_every_queue_is_emptied_and_the_books_balance(websites: list[Website]) -> None:
    for website in websites:
        desk = Desk(website)
        for empty, queues in (
            (desk.disputes, ["disputes/pending"]),
            (desk.refunds, ["refunds/pending"]),
            (desk.fines, ["fines/pending", "fines/appeals"]),
            (desk.reviews, ["reviews/moderation-queue"]),
            (desk.assignments, ["orders/assignment-queue"]),
            (desk.overdue, ["orders/overdue"]),
            (desk.stuck, ["orders/stuck"]),
        ):
            assert all(map(desk.waiting, queues))
            for _ in range(8):
                empty()
                run_jobs()
            assert [desk.waiting(queue) for queue in queues] == [{} for _ in queues]
        with website_scope(website.pk):
            assert drift(website) == Drift(0, 0)
            boss = actor(next(one for one in desk.members.values() if one.role == Role.ADMIN))
            assert all(order_timeline(boss, order).unbroken for order in Order.objects.of(website))
    assert books.faults(lambda: psycopg.connect(url_as("app_owner"))) == {}
