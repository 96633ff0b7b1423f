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

pytestmark = pytest.mark.django_db
RUNS, STEPS, MOST_ORDERS = 14, 25, 12
NUMBERS = st.integers(0, 3)
PAGES = st.integers(1, 4)
WAYS = st.sampled_from(["wallet", "tok_ok", "tok_unsettled", "tok_declined", "tok_timeout", "tok_late"])

# One row a broken rule: what it is called and what broke it.
BROKEN = """
WITH transfers AS (
    SELECT t.id, t.lines, t.purpose, t.subject_type, t.subject_id, count(p.id) AS postings, sum(p.amount_minor) AS total
    FROM payments_transfer t LEFT JOIN payments_posting p ON p.transfer_id = t.id
    WHERE t.website_id = %(website)s GROUP BY t.id
),
paid AS (
    SELECT o.id, o.status, o.price_minor, o.forfeited_minor, o.completed_at,
           coalesce(sum(c.amount_minor - c.repaid_minor) FILTER (
               WHERE c.status = 'captured' AND c.purpose IN ('order', 'adjustment')), 0) AS kept
    FROM orders_order o
    LEFT JOIN payments_charge c ON c.reference_type = 'order' AND c.reference_id = o.id
    WHERE o.website_id = %(website)s GROUP BY o.id
),
refunded AS (
    SELECT o.id, coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status NOT IN ('failed', 'cancelled') AND r.ground <> 'settlement'
                 AND (o.cancelled_at IS NULL OR r.requested_at > o.cancelled_at)), 0) AS since,
           coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status NOT IN ('failed', 'cancelled') AND r.ground = 'goodwill'), 0) AS given
    FROM orders_order o
    LEFT JOIN refunds_refund r ON r.order_id = o.id
    LEFT JOIN refunds_refundpart l ON l.refund_id = r.id
    LEFT JOIN payments_repayment p ON p.id = l.repayment_id
    WHERE o.website_id = %(website)s GROUP BY o.id
),
owed AS (
    SELECT c.reference_id AS id, sum(p.amount_minor) AS owed FROM payments_repayment p
    JOIN payments_charge c ON c.id = p.charge_id AND c.reference_type = 'order'
    LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id LEFT JOIN refunds_refund r ON r.id = l.refund_id
    WHERE p.website_id = %(website)s AND p.status = 'failed'
      AND coalesce(r.ground, 'settlement') IN ('settlement', 'dispute')
      AND c.purpose IN ('order', 'adjustment') GROUP BY 1
),
earned AS (
    SELECT e.reference_id, e.writer_id, count(*) FILTER (WHERE e.kind = 'pay') AS pays,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.kind IN ('pay', 'forfeit')), 0) AS amount,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.kind IN ('pay', 'forfeit', 'reduction')), 0) AS left
    FROM payments_earning e WHERE e.website_id = %(website)s GROUP BY 1, 2
),
money AS (
    SELECT c.reference_id AS id, (
               SELECT a.writer_id FROM orders_assignment a WHERE a.order_id = o.id ORDER BY a.id DESC LIMIT 1
           ) AS last,
           coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status = 'succeeded' AND p.ended AND NOT p.present), 0) AS ended,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.status = 'succeeded' AND p.asked), 0)
           - coalesce(sum(p.amount_minor) FILTER (
               WHERE p.status IN ('executing', 'failed') AND (p.agreed OR p.present)), 0) AS lowering,
           (SELECT sum(amount_minor) FROM payments_charge
            WHERE website_id = %(website)s AND reference_type = 'order' AND reference_id = c.reference_id
              AND status = 'captured' AND purpose IN ('order', 'adjustment'))
           - coalesce(sum(p.amount_minor) FILTER (WHERE p.agreed), 0) AS paid
    FROM payments_charge c JOIN orders_order o ON o.id = c.reference_id
    CROSS JOIN LATERAL (
        SELECT p.amount_minor, p.status, a.ended OR coalesce(r.ground = 'dispute', false) AS ended,
               r.ground NOT IN ('settlement', 'goodwill', 'dispute') AS asked,
               a.ended AND o.cancel_cause IN ('staff', 'system') AS present,
               coalesce(r.ground, 'settlement') = 'settlement' AND NOT a.ended AS agreed
        FROM payments_repayment p LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id
        LEFT JOIN refunds_refund r ON r.id = l.refund_id
        CROSS JOIN LATERAL (SELECT coalesce(r.ground, 'settlement') = 'settlement' AND coalesce(
            c.captured_at <= o.cancelled_at AND p.created_at >= o.cancelled_at, false) AS ended) a
        WHERE p.charge_id = c.id
    ) p
    WHERE c.website_id = %(website)s AND c.reference_type = 'order' AND c.status = 'captured'
      AND c.purpose IN ('order', 'adjustment') GROUP BY 1, 2
)
SELECT 'a transfer does not balance', id FROM transfers WHERE total <> 0 OR postings <> lines
UNION ALL
SELECT 'a charge is captured twice, or its capture is not in the books', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND (c.status = 'captured')::int <> (
        SELECT count(*) FROM transfers t
        WHERE t.purpose = 'capture' AND t.subject_type = 'charge' AND t.subject_id = c.id)
UNION ALL
SELECT 'a wallet is below zero', id FROM payments_ledgeraccount
    WHERE website_id = %(website)s AND kind = 'wallet' AND balance_minor < 0
UNION ALL
SELECT 'what is kept of an order is not its price', id FROM paid JOIN refunded USING (id) LEFT JOIN owed USING (id)
    WHERE kept + since - coalesce(owed, 0)
        <> CASE status WHEN 'unpaid' THEN 0 WHEN 'cancelled' THEN forfeited_minor ELSE price_minor END
UNION ALL
SELECT 'the price is not the sum of its lines', o.id FROM orders_order o WHERE o.website_id = %(website)s
    AND o.price_minor <> (SELECT sum(l.amount_minor) FROM orders_priceline l WHERE l.order_id = o.id)
UNION ALL
SELECT 'an order is paid by another charge than one captured of its own', o.id FROM orders_order o
    LEFT JOIN payments_charge c ON c.id = o.charge_id
    WHERE o.website_id = %(website)s AND o.status NOT IN ('unpaid', 'cancelled')
      AND (c.id IS NULL OR c.status <> 'captured' OR c.reference_id <> o.id OR c.purpose <> 'order')
UNION ALL
SELECT 'a refund is not the sum of its parts, or stands where they do not', r.id FROM refunds_refund r
    LEFT JOIN refunds_refundpart l ON l.refund_id = r.id LEFT JOIN payments_repayment p ON p.id = l.repayment_id
    WHERE r.website_id = %(website)s GROUP BY r.id
    HAVING coalesce(sum(p.amount_minor), 0) <> r.amount_minor
        OR (r.status = 'succeeded') <> (r.receipt_number IS NOT NULL)
        OR NOT bool_and(CASE WHEN r.status IN ('requested', 'approved') THEN p.status = 'planned'
                             WHEN r.status = 'cancelled' AND r.failed_at IS NOT NULL THEN p.status = 'failed'
                             WHEN r.status IN ('rejected', 'cancelled') THEN p.status = 'cancelled'
                             WHEN r.status = 'succeeded' THEN p.status = 'succeeded'
                             ELSE p.status IN ('executing', 'succeeded', 'failed') END)
UNION ALL
SELECT 'receipts of refunds have gaps', w.id FROM tenancy_website w LEFT JOIN refunds_refund r ON r.website_id = w.id
    WHERE w.id = %(website)s GROUP BY w.id
    HAVING count(r.receipt_number) <> w.last_refund_receipt
        OR coalesce(max(r.receipt_number), 0) <> w.last_refund_receipt
UNION ALL
SELECT 'more was given back than captured', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND c.repaid_minor > c.amount_minor
UNION ALL
SELECT 'pay has not fallen as money went back', e.id FROM payments_earning e
    JOIN money m ON e.reference_type = 'order' AND m.id = e.reference_id
    LEFT JOIN (SELECT reduces_id, -sum(amount_minor) FILTER (WHERE key LIKE 'refunds:%%') AS lowered,
                      -sum(amount_minor) FILTER (WHERE key NOT LIKE 'refunds:%%') AS otherwise
               FROM payments_earning WHERE kind = 'reduction' GROUP BY 1) d ON d.reduces_id = e.id
    CROSS JOIN LATERAL (SELECT coalesce(d.lowered, 0) - round(
        (e.amount_minor - coalesce(d.otherwise, 0))
        * least(greatest(m.lowering + CASE WHEN e.writer_id = m.last THEN m.ended ELSE 0 END, 0), m.paid) / m.paid
    ) AS much) too
    WHERE e.kind = 'pay' AND m.paid > 0 AND abs(too.much) > CASE WHEN d.otherwise > 0 THEN 1 ELSE 0 END
UNION ALL
SELECT 'pay is earned twice', reference_id FROM earned WHERE pays > 1
UNION ALL
SELECT 'more is earned than was paid', reference_id FROM earned e JOIN paid p ON p.id = e.reference_id
    JOIN refunded r USING (id)
    WHERE e.amount > greatest(p.price_minor, p.kept) OR (p.status = 'cancelled' AND p.completed_at IS NULL
                                                         AND e.left > p.forfeited_minor + r.given)
UNION ALL
SELECT 'a tip is neither with the writer nor back with the client', c.id FROM payments_charge c
    WHERE c.website_id = %(website)s AND c.purpose = 'tip' AND c.status = 'captured'
      AND (SELECT count(*) FROM payments_earning e WHERE e.charge_id = c.id AND e.kind = 'tip')
          <> CASE c.repaid_minor WHEN 0 THEN 1 ELSE 0 END
UNION ALL
SELECT 'an earning stands in two payouts', l.earning_id FROM payments_payoutline l
    JOIN payments_payoutstatement s ON s.id = l.statement_id JOIN payments_payout p ON p.id = s.payout_id
    WHERE l.website_id = %(website)s AND p.status <> 'cancelled' GROUP BY l.earning_id HAVING count(*) > 1
UNION ALL
SELECT 'an account of earnings is not what was earned less what was paid out', a.id FROM payments_ledgeraccount a
    WHERE a.website_id = %(website)s AND a.kind = 'earnings' AND a.balance_minor <> (
        SELECT coalesce(sum(e.amount_minor), 0) FROM payments_earning e WHERE e.writer_id = a.owner_id) - (
        SELECT coalesce(sum(s.amount_minor), 0) FROM payments_payoutstatement s
        JOIN payments_payout p ON p.id = s.payout_id WHERE s.writer_id = a.owner_id AND p.status = 'paid')
"""

# What came through the provider by our books, and by its own.
OUTSIDE = """
SELECT (SELECT -coalesce(sum(p.amount_minor), 0) FROM payments_posting p JOIN payments_ledgeraccount a
        ON a.id = p.account_id WHERE a.website_id = %(website)s AND a.kind = 'money_in' AND a.name = 'sandbox'),
       (SELECT coalesce(sum(s.amount_minor), 0) FROM payments_sandboxpayment s
        WHERE (s.metadata ->> 'website')::bigint = %(website)s AND s.token NOT IN ('tok_declined'))
       - (SELECT coalesce(sum(r.amount_minor), 0) FROM payments_sandboxrefund r JOIN payments_sandboxpayment s
          ON s.key = r.payment_id WHERE (s.metadata ->> 'website')::bigint = %(website)s)
"""


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
