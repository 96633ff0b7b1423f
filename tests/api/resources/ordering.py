"""A website with orders to look at over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.models import Membership, User
from copydesk.orders.actions import course, staffing
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, as_, as_user
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIST = "/api/v1/orders/"
FORM: dict[str, Any] = {
    "topic": "The causes of the war",
    "instructions": "Five sources.",
    "paper_type": "essay",
    "subject": "history",
    "academic_level": "bachelor",
    "work_type": "writing",
    "pages": 2,
    "slides": 0,
    "spacing": "double",
    "client_deadline": "2026-03-12T12:00:00+00:00",
    "extras": [],
    "requires_editing": False,
}


class House:
    """A website with one of each, a second client and writer, and an order in every place that a role may see."""

    def __init__(self) -> None:
        self.website = tenancy.website()
        self.client = self.named(accounts.membership(self.website, email="clara@private.test"), "Clara Client")
        self.other_client = accounts.membership(self.website, email="carl@private.test")
        self.writer = self.named(writers.writer(self.website, level="standard").member, "Wanda Writer")
        self.other_writer = writers.writer(self.website).member
        self.editor = accounts.membership(self.website, "editor")
        self.support = accounts.membership(self.website, "support")
        self.admin = accounts.membership(self.website, "admin")
        self.superadmin = accounts.superadmin()

    def named(self, member: Membership, name: str) -> Membership:
        User.objects.filter(pk=member.user_id).update(full_name=name)
        member.user.full_name = name
        return member

    def populate(self) -> dict[str, Order]:
        by = actor(self.support)
        with website_scope(self.website.pk):
            self.orders = {
                "unpaid": orders.unpaid_order(self.client, topic="Peace and its price", subject="law"),
                "available": orders.available_order(self.client),
                "of another": orders.available_order(self.other_client, paper_type="case_study"),
                "offered": staffing.assign(orders.available_order(self.client), self.writer.pk, by=by, offer=True),
                "in_progress": orders.order_in_progress(self.client, self.writer),
                "other's": orders.order_in_progress(self.other_client, self.other_writer),
                "editing": orders.order_in_editing(self.client, self.writer),
                "completed": orders.completed_order(self.client, self.writer),
            }
            course.archive(self.orders["completed"], by=by)
        return self.orders

    def caller(self, who: str) -> Caller:
        if who == "superadmin":
            return as_user(self.superadmin, self.website)
        member: Membership = getattr(self, who)
        return as_(member)

    def names(self, rows: list[dict[str, Any]]) -> set[str]:
        by_id = {order.pk: name for name, order in self.orders.items()}
        return {by_id[row["id"]] for row in rows}


def fields(refused: dict[str, Any]) -> set[str]:
    return {error["field"].partition(".")[0] for error in refused["errors"]}
