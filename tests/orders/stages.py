"""An order in each status, made by the actions; and the callers of a website, one of each kind."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import Order, Status
from tests.factories import accounts, orders, writers
from tests.factories.accounts import actor

S = Status


class Cast:
    """`owner` and `writer` are the order's, the others are not."""

    def __init__(self, owner: Membership) -> None:
        website = owner.website
        self.website = website
        self.owner = owner
        self.writer = writers.writer(website).member
        self.other_writer = writers.writer(website).member
        self.actors: dict[str, Actor] = {
            "owner": actor(owner),
            "other_client": actor(accounts.membership(website)),
            "writer": actor(self.writer),
            "other_writer": actor(self.other_writer),
            "editor": actor(accounts.membership(website, "editor")),
            "support": actor(accounts.membership(website, "support")),
            "admin": actor(accounts.membership(website, "admin")),
            "superadmin": Actor(website, Role.SUPERADMIN, user_id=accounts.superadmin().pk),
            "system": Actor.system(website),
        }

    def order(self, status: Status) -> Order:
        """With a file handed up, where somebody is writing; offered to `writer`, where it is offered."""
        return self._makers[status](self)

    def _unpaid(self) -> Order:
        return orders.unpaid_order(self.owner)

    def _available(self) -> Order:
        return orders.available_order(self.owner)

    def _offered(self) -> Order:
        return staffing.assign(self._available(), self.writer.pk, by=self.actors["admin"], offer=True)

    def _in_progress(self) -> Order:
        order = orders.order_in_progress(self.owner, self.writer)
        orders.work_file(order, self.writer)
        return order

    def _editing(self) -> Order:
        return orders.order_in_editing(self.owner, self.writer)

    def _delivered(self) -> Order:
        return orders.delivered_order(self.owner, self.writer)

    def _revision(self) -> Order:
        order = delivery.request_revision(self._delivered(), by=self.actors["owner"], reason="Longer.")
        orders.work_file(order, self.writer)
        return order

    def _completed(self) -> Order:
        return orders.completed_order(self.owner, self.writer)

    def _on_hold(self) -> Order:
        return course.hold(self._in_progress(), by=self.actors["support"], reason="Client is silent.")

    def _disputed(self) -> Order:
        order = self._delivered()
        return course.dispute(order, by=self.actors["owner"], dispute_reason="quality_issue", statement="Poor.")

    def _cancelled(self) -> Order:
        order = self._in_progress()
        course.cancel(order, by=self.actors["support"], reason="Client's wish.")
        return order

    _makers: dict[Status, Callable[[Cast], Order]] = {
        S.UNPAID: _unpaid,
        S.AVAILABLE: _available,
        S.OFFERED: _offered,
        S.IN_PROGRESS: _in_progress,
        S.EDITING: _editing,
        S.DELIVERED: _delivered,
        S.REVISION: _revision,
        S.COMPLETED: _completed,
        S.ON_HOLD: _on_hold,
        S.DISPUTED: _disputed,
        S.CANCELLED: _cancelled,
    }
