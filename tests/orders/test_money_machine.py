"""Whatever is done in whatever order, the books balance: orders, cards, wallets, tips, adjustments, payouts, the clock.

Each run has a website of its own on real PostgreSQL. What a step may not do it is refused, and that is fine too.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from copydesk.accounts.actor import Actor
from copydesk.core.errors import Refusal
from copydesk.journal.models import Event
from copydesk.orders.actions import adjustments, course, delivery, payment, staffing
from copydesk.orders.models import WRITING, Adjustment, Cause, Order
from copydesk.orders.tasks import approve_delivered, expire_unpaid
from copydesk.payments import actions
from copydesk.payments.models import Charge, Earning, Payout
from copydesk.payments.queries import Drift, drift
from copydesk.payments.tasks import resume
from copydesk.refunds import actions as refunds
from copydesk.refunds.actions import process_refund
from copydesk.refunds.models import Ground, Refund, RefundDestination
from copydesk.tenancy import scope
from copydesk.tenancy.policies import store_policy
from tests.disputes.money import Disputing
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import filled_wallet
from tests.fines.money import BROKEN as BROKEN_FINES
from tests.fines.money import Fining
from tests.jobs import queued, run_jobs
from tests.orders.conftest import NOON
from tests.orders.money import BROKEN, OUTSIDE

pytestmark = pytest.mark.django_db
RUNS, STEPS, MOST_ORDERS = 14, 25, 12
NUMBERS = st.integers(0, 3)
PAGES = st.integers(1, 4)
WAYS = st.sampled_from(["wallet", "tok_ok", "tok_unsettled", "tok_declined", "tok_timeout", "tok_late"])


class Money(Disputing, Fining, RuleBasedStateMachine):
    website: Any
    founded = 0

    @initialize()
    def found_a_website(self) -> None:
        self.time = time_machine.travel(NOON, tick=False)
        self.clock = self.time.start()
        Money.founded += 1
        self.website = tenancy.website(f"machine{Money.founded}")
        scope.enter(self.website.pk)
        self.client = accounts.membership(self.website)
        self.payer = actor(self.client)
        self.writers = [actor(writers.writer(self.website, level=level).member) for level in ("standard", "expert")]
        self.admins = [actor(accounts.membership(self.website, "admin")) for _ in range(2)]
        self.keys = 0
        self.last_payment: Callable[[], object] | None = None
        self.filled = 20_000
        filled_wallet(self.client, self.filled)
        store_policy(self.website, "payouts", {"threshold_minor": 100})
        orders.unpaid_order(self.client)
        for steps in range(5):
            self.make(steps + 1, self.writers[steps % 2], steps)
        self.filled += sum(Order.objects.of(self.website).exclude(charge=None).values_list("price_minor", flat=True))

    def teardown(self) -> None:
        if not hasattr(self, "time"):
            return
        try:
            self.everything_is_found_out()
        finally:
            self.time.stop()
            scope.enter(None)

    # Choosing a row: by number, so that a failing run can be shortened.

    def order(self, number: int, *statuses: str) -> Order | None:
        rows = Order.objects.of(self.website).order_by("id")
        found = list(rows.filter(status__in=statuses) if statuses else rows)
        return found[number % len(found)] if found else None

    def attempt(self, act: Callable[[], object]) -> None:
        """In its own transaction and at its own time, as a request; a refusal undoes it."""
        self.clock.shift(1)
        try:
            with transaction.atomic():
                act()
        except Refusal:
            pass

    def pay(self, act: Callable[..., object], way: str) -> None:
        """Leaves the process between commits; remembered, so that it may be repeated with its key."""
        self.keys += 1
        method = "wallet" if way == "wallet" else "card"
        given = {"method": method, "token": way, "key": f"key {self.keys}", "by": self.payer}
        self.last_payment = lambda: act(**given)
        self.repeat_the_last_payment()

    @rule()
    def repeat_the_last_payment(self) -> None:
        if self.last_payment is not None:
            self.clock.shift(1)
            with contextlib.suppress(Refusal):
                self.last_payment()

    @rule(pages=PAGES)
    def place(self, pages: int) -> None:
        if Order.objects.of(self.website).count() < MOST_ORDERS:
            orders.unpaid_order(self.client, pages=pages)

    def make(self, pages: int, writer: Actor, steps: int) -> None:
        """A paid order, taken so many steps further."""
        order = orders.available_order(self.client, pages=pages)
        further: list[Callable[[], object]] = [
            lambda: staffing.assign(order, writer.membership_id or 0, by=self.admins[0], reason="Trusted"),
            lambda: self.hand_in(order),
            lambda: delivery.approve(order, by=self.payer),
            lambda: delivery.request_revision(order, by=self.payer, reason="Longer"),
        ]
        for step in further[:steps]:
            step()

    def hand_in(self, order: Order) -> None:
        writer = next(each for each in self.writers if each.membership_id == order.writer_id)
        orders.work_file(order, order.writer)  # type: ignore[arg-type]
        delivery.submit(order, by=writer)

    @rule(number=NUMBERS, way=WAYS)
    def pay_an_order(self, number: int, way: str) -> None:
        if order := self.order(number, "unpaid"):
            self.pay(lambda **given: payment.pay_order(order.pk, **given), way)

    @rule(number=NUMBERS, way=WAYS, amount=st.integers(1, 900))
    def tip(self, number: int, way: str, amount: int) -> None:
        if order := self.order(number, "delivered", "completed"):
            self.pay(lambda **given: payment.tip(order.pk, amount_minor=amount, **given), way)

    @rule(amount=st.integers(100, 3_000), way=st.sampled_from(["tok_ok", "tok_timeout", "tok_late"]))
    def top_up(self, amount: int, way: str) -> None:
        self.keys += 1
        key = f"key {self.keys}"
        with contextlib.suppress(Refusal):
            actions.top_up(amount_minor=amount, token=way, key=key, by=self.payer)

    @rule(number=NUMBERS, writer=st.integers(0, 1), takes=st.booleans())
    def start(self, number: int, writer: int, takes: bool) -> None:
        if order := self.order(number, "available"):
            chosen = self.writers[writer]
            if takes:
                self.attempt(lambda: staffing.take(order, by=chosen))
            else:
                by = self.admins[0]
                self.attempt(lambda: staffing.assign(order, chosen.membership_id or 0, by=by, reason="Trusted"))

    @rule(number=NUMBERS)
    def release(self, number: int) -> None:
        if order := self.order(number, *WRITING):
            self.attempt(lambda: staffing.release(order, by=self.admins[0], cause=Cause.WRITER, reason="Ill"))

    @rule(number=NUMBERS)
    def submit(self, number: int) -> None:
        if order := self.order(number, *WRITING):
            self.attempt(lambda: self.hand_in(order))

    @rule(number=NUMBERS)
    def approve(self, number: int) -> None:
        if order := self.order(number, "delivered"):
            self.attempt(lambda: delivery.approve(order, by=self.payer))

    @rule(number=NUMBERS)
    def ask_for_a_revision(self, number: int) -> None:
        if order := self.order(number, "delivered", "completed"):
            self.attempt(lambda: delivery.request_revision(order, by=self.payer, reason="Longer"))

    @rule(number=NUMBERS, by_client=st.booleans(), pages=PAGES, way=WAYS)
    def adjust(self, number: int, by_client: bool, pages: int, way: str) -> None:
        """Proposed by one side, accepted by the other, paid by the client."""
        if order := self.order(number, "available", *WRITING):
            by = self.payer if by_client else self.admins[0]
            self.attempt(lambda: adjustments.propose_adjustment(order, by=by, pages=pages))
            if by_client:
                self.accept(0, way, by_client=False)
            self.accept(0, way, by_client=True)

    def accept(self, number: int, way: str, by_client: bool) -> None:
        found = list(Adjustment.objects.of(self.website).open().order_by("id"))
        if found:
            chosen = found[number % len(found)]
            if by_client:
                self.pay(lambda **given: payment.accept_adjustment(chosen.pk, **given), way)
            else:
                self.attempt(lambda: adjustments.accept_adjustment(chosen, by=self.admins[0]))

    @rule(number=NUMBERS, way=WAYS)
    def accept_again(self, number: int, way: str) -> None:
        self.accept(number, way, by_client=True)

    @rule(number=NUMBERS)
    def decline(self, number: int) -> None:
        found = list(Adjustment.objects.of(self.website).open().order_by("id"))
        if found:
            self.attempt(lambda: adjustments.decline_adjustment(found[number % len(found)], by=self.payer))

    @rule(number=NUMBERS, cause=st.sampled_from(list(Cause)))
    def cancel(self, number: int, cause: Cause) -> None:
        if order := self.order(number):
            self.attempt(lambda: course.cancel(order, by=self.admins[0], reason="Over", cause=cause))

    @rule(number=NUMBERS, share=st.integers(1, 4), by_client=st.booleans(), to_wallet=st.booleans())
    def ask_for_a_refund(self, number: int, share: int, by_client: bool, to_wallet: bool) -> None:
        if order := self.order(number):
            ground = Ground.QUALITY if by_client else Ground.GOODWILL
            destination = RefundDestination.WALLET if to_wallet else RefundDestination.ORIGINAL
            self.attempt(
                lambda: refunds.request_refund(
                    order,
                    amount_minor=max(order.price_minor * share // 4, 1),
                    reason="Late.",
                    by=self.payer if by_client else self.admins[0],
                    ground=ground,
                    destination=destination,
                )
            )

    @rule(
        number=NUMBERS,
        step=st.sampled_from(["approve", "reject", "process", "process", "retry", "cancel", "give_up", "consent"]),
    )
    def decide_a_refund(self, number: int, step: str) -> None:
        rows = Refund.objects.of(self.website).select_related("order").order_by("id")
        found = list(rows.exclude(status__in=["succeeded", "rejected", "cancelled"]))
        if not found:
            return
        refund, by = found[number % len(found)], self.admins[1]
        acts: dict[str, Callable[[], object]] = {
            "approve": lambda: refunds.approve_refund(refund, by=by),
            "reject": lambda: refunds.reject_refund(refund, by=by, reason="No."),
            "process": lambda: process_refund(refund, by=by),
            "retry": lambda: refunds.retry_refund(refund, by=by),
            "cancel": lambda: refunds.cancel_refund(refund, by=self.payer, reason="Oh."),
            "give_up": lambda: refunds.cancel_refund(refund, by=by, reason="Never."),
            "consent": lambda: refunds.consent_to_wallet(refund, by=self.payer),
        }
        self.attempt(acts[step])

    @rule(steps=st.sampled_from(["", "approve", "approve pay", "approve pay pay", "cancel", "approve cancel"]))
    def pay_out(self, steps: str) -> None:
        self.attempt(lambda: actions.prepare_payout(self.website, by=self.admins[0]))
        payout = Payout.objects.of(self.website).exclude(status__in=["paid", "cancelled"]).order_by("-id").first()
        if payout is None:
            return
        by = self.admins[1]
        acts: dict[str, Callable[[], object]] = {
            "approve": lambda: actions.approve_payout(payout, by=by),
            "pay": lambda: actions.pay_payout(payout, by=by),
            "cancel": lambda: actions.cancel_payout(payout, by=by, reason="Wrong"),
        }
        for step in steps.split():
            self.attempt(acts[step])

    @rule(hours=st.sampled_from([1, 30, 24 * 4, 24 * 15]))
    def time_passes(self, hours: int) -> None:
        self.clock.shift(dt.timedelta(hours=hours))
        expire_unpaid(self.website)
        approve_delivered(self.website)
        resume(self.website)

    @rule()
    def jobs_run(self) -> None:
        run_jobs()

    @invariant()
    def the_books_are_sound(self) -> None:
        if not hasattr(self, "admins"):
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f"{BROKEN} UNION ALL {BROKEN_FINES}", {"website": self.website.pk})
            broken = cursor.fetchall()
        waiting = self.waiting_for_jobs()
        assert [(rule, row) for rule, row in broken if not (row in waiting and rule in LATER)] == []
        assert drift(self.website) == Drift(0, 0)

    def waiting_for_jobs(self) -> set[int]:
        """Orders, charges, refunds and earnings that a job is still to bring to where the books stand."""
        ids = {name: [arguments["event_id"] for job, arguments in queued(name)] for name in FOLLOWING}
        events = {name: Event.objects.of(self.website).filter(pk__in=found) for name, found in ids.items()}
        captured = Charge.objects.of(self.website).filter(pk__in=events["orders.apply_capture"].values("subject_id"))
        rows = {row for charge in captured for row in (charge.pk, charge.reference_id)}
        following = events["refunds.follow_repayment"] | events["refunds.follow_order"]
        orders = set(following.values_list("root_id", flat=True))
        rows |= set(Refund.objects.of(self.website).filter(order__in=orders).values_list("pk", flat=True))
        earnings = Earning.objects.of(self.website).filter(reference_type="order", reference_id__in=orders)
        return rows | set(earnings.values_list("pk", flat=True))

    def everything_is_found_out(self) -> None:
        """In the end nothing is undecided, and the provider has taken and given back what the books say."""
        for _ in range(4):
            self.clock.shift(dt.timedelta(hours=1))
            resume(self.website)
            run_jobs()
        self.the_books_are_sound()
        assert not Charge.objects.of(self.website).undecided().exists()
        with connection.cursor() as cursor:
            cursor.execute(OUTSIDE, {"website": self.website.pk})
            ours, theirs = cursor.fetchone()
        assert ours - self.filled == theirs


FOLLOWING = ("orders.apply_capture", "refunds.follow_repayment", "refunds.follow_order")
LATER = {
    "what is kept of an order is not its price",
    "a tip is neither with the writer nor back with the client",
    "a refund is not the sum of its parts, or stands where they do not",
    "pay has not fallen as money went back",
}


def test_the_books_balance_whatever_is_done() -> None:
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
