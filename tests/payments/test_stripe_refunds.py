"""Money back through Stripe: once, whatever is lost on the way, and as long as it may take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.orders.models import Order
from copydesk.payments import actions, queries
from copydesk.payments.models import Charge, Repayment, Transfer
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, orders, tenancy
from tests.jobs import run_jobs
from tests.payments.stripe_stand_in import UNANSWERED, UNHEARD, VISA, StandIn

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def payer(db: None) -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def order(payer: Membership, stripe: StandIn) -> Order:
    """Paid by card: 32.00 USD."""
    return paid_order(payer)


def paid_order(payer: Membership) -> Order:
    order = orders.unpaid_order(payer)
    order.website = payer.website
    body = {"method": "card", "payment_token": VISA}
    as_(payer).post(f"/api/v1/orders/{order.pk}/pay/", body, 200, idempotency_key="pay")
    return order


def cancel(order: Order) -> Any:
    admin = accounts.membership(order.website, "admin")
    return as_(admin).post(f"/api/v1/orders/{order.pk}/cancel/", {"reason": "Not wanted any more."}, 200)


def go_on(order: Order) -> None:
    """The clock comes by."""
    with website_scope(order.website_id):
        Repayment.objects.of(order.website).filter(status="executing").update(next_attempt_at=NOON - 999 * DAY)
        resume(order.website)
    run_jobs()


def repayment_of(order: Order) -> Repayment:
    with website_scope(order.website_id):
        return Repayment.objects.of(order.website).select_related("charge").get()


def standing(order: Order) -> tuple[str, str, int]:
    """Of the money's way back; and how many transfers there are. The books are sound."""
    with website_scope(order.website_id):
        assert queries.drift(order.website) == queries.Drift(0, 0)
        row = repayment_of(order)
        return row.status, row.code, Transfer.objects.of(order.website).count()


def test_a_cancelled_order_is_given_back_to_the_card(order: Order, stripe: StandIn) -> None:
    cancel(order)
    assert stripe.refunds == {}
    run_jobs()
    assert standing(order) == ("succeeded", "", 2)
    repayment, (refund,) = repayment_of(order), stripe.refunds.values()
    assert repayment.provider_reference == refund["id"]
    asked = stripe.calls("POST", "/v1/refunds")[0]
    assert (asked.key, asked.form) == (
        str(repayment.intent),
        {
            "payment_intent": repayment.charge.provider_reference,
            "amount": "3200",
            "metadata[intent]": str(repayment.charge.intent),
            "metadata[repayment]": str(repayment.intent),
        },
    )
    go_on(order)
    assert len(stripe.refunds) == 1


@pytest.mark.parametrize(
    "faults",
    [
        [b'{"object": "list", "url": "/v1/refunds", "has_more": false, "data": []}', UNANSWERED, UNANSWERED],
        [UNHEARD, UNHEARD],
        [503, 503],
        [401],
        [429],
    ],
)
def test_a_lost_answer_gives_back_once(order: Order, stripe: StandIn, faults: list[Any]) -> None:
    cancel(order)
    stripe.faults.extend(faults)
    run_jobs()
    assert standing(order) == ("executing", "", 1)
    go_on(order)
    assert standing(order) == ("succeeded", "", 2)
    assert len(stripe.refunds) == 1
    assert {call.key for call in stripe.calls("POST", "/v1/refunds")} == {str(repayment_of(order).intent)}


def test_a_refund_that_takes_days_is_never_made_twice(payer: Membership, stripe: StandIn) -> None:
    """Stripe forgets a key after a day: a call under it would give back again."""
    with time_machine.travel(NOON, tick=False) as time:
        order = paid_order(payer)
        cancel(order)
        stripe.refund_status = "pending"
        run_jobs()
        assert standing(order) == ("executing", "", 1)
        time.shift(2 * DAY)
        stripe.forget_keys()
        go_on(order)
        assert standing(order) == ("executing", "", 1)
        (refund,) = stripe.refunds.values()
        refund["status"] = "succeeded"
        go_on(order)
        assert standing(order) == ("succeeded", "", 2)
        assert len(stripe.calls("POST", "/v1/refunds")) == 1


def test_a_refund_that_fails_at_the_bank_is_failed(order: Order, stripe: StandIn) -> None:
    cancel(order)
    stripe.refund_status = "pending"
    run_jobs()
    (refund,) = stripe.refunds.values()
    refund.update(status="failed", failure_reason="lost_or_stolen_card")
    go_on(order)
    assert standing(order) == ("failed", "lost_or_stolen_card", 1)
    with website_scope(order.website_id):
        assert queries.refundable_minor(order.website, order.reference) == 3_200
    (charge,) = charges_of(order)
    assert charge.repaid_minor == 0


def test_a_refused_refund_is_failed_and_retried_under_its_key(order: Order, stripe: StandIn) -> None:
    cancel(order)
    intent = stripe.only_intent()
    intent["amount_received"] = 0
    run_jobs()
    assert standing(order) == ("failed", "charge_already_refunded", 1)
    intent["amount_received"] = 3200
    admin = accounts.membership(order.website, "admin")
    with website_scope(order.website_id):
        actions.retry_repayment(repayment_of(order), by=accounts.actor(admin))
    run_jobs()
    assert standing(order)[0] == "failed", "Stripe gives a key's first answer for a day"
    stripe.forget_keys()
    with website_scope(order.website_id):
        actions.retry_repayment(repayment_of(order), by=accounts.actor(admin))
    run_jobs()
    assert standing(order) == ("succeeded", "", 2)
    assert {call.key for call in stripe.calls("POST", "/v1/refunds")} == {str(repayment_of(order).intent)}


def test_parts_of_one_payment_are_refunds_of_their_own(order: Order, stripe: StandIn) -> None:
    admin = accounts.actor(accounts.membership(order.website, "admin"))
    for amount in (1_000, 1_000, 1_200):
        with website_scope(order.website_id):
            actions.repay(order.website, order.reference, amount, by=admin, reason="A part")
        run_jobs()
    assert [row["amount"] for row in stripe.refunds.values()] == [1_000, 1_000, 1_200]
    with website_scope(order.website_id):
        assert queries.drift(order.website) == queries.Drift(0, 0)
        assert queries.refundable_minor(order.website, order.reference) == 0


def test_refunds_by_hand_at_stripe_are_not_taken_for_ours(order: Order, stripe: StandIn) -> None:
    intent = stripe.only_intent()["id"]
    for made, marks in (("re_hand", {}), ("re_other", {"repayment": "another"}), ("re_none", None)):
        stripe.refunds[made] = {
            "id": made,
            "amount": 0,
            "payment_intent": intent,
            "status": "failed",
            "metadata": marks,
        }
    cancel(order)
    run_jobs()
    assert standing(order) == ("succeeded", "", 2)


def charges_of(order: Order) -> list[Charge]:
    with website_scope(order.website_id):
        return list(Charge.objects.of(order.website).about(order.reference))
