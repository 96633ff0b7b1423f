"""Orders, tips and adjustments are paid: over HTTP, with every token of the sandbox; and what becomes of late money."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.actions import delivery, payment, staffing
from copydesk.orders.models import Adjustment, Assignment, Order, PriceLine
from copydesk.orders.tasks import expire_unpaid
from copydesk.payments import queries
from copydesk.payments.actions import settle_charge
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.gateway.sandbox import webhook_about
from copydesk.payments.models import Charge, Earning, Posting, Repayment, SandboxPayment
from copydesk.payments.queries import Drift
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, anonymous, as_
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import captured, filled_wallet, pending_charge
from tests.jobs import run_jobs
from tests.orders.conftest import NOON

DAY = dt.timedelta(days=1)
CARD = {"method": "card", "payment_token": "tok_ok"}
WALLET = {"method": "wallet"}


class House:
    """A website, and an order of 32.00 that waits for its payment."""

    def __init__(self) -> None:
        self.website = tenancy.website()
        self.client = accounts.membership(self.website)
        self.writer = writers.writer(self.website, level="standard").member
        self.support = accounts.membership(self.website, "support")
        self.order = orders.unpaid_order(self.client)
        self.by_client, self.by_support = as_(self.client), as_(self.support)
        self.keys = 0

    def pay(self, body: dict[str, Any], status: int = 200, key: str = "", order: Order | None = None) -> Any:
        return self.post(f"/api/v1/orders/{(order or self.order).pk}/pay/", body, status, key)

    def post(self, path: str, body: dict[str, Any], status: int, key: str = "", by: Caller | None = None) -> Any:
        self.keys += 1
        return (by or self.by_client).post(path, body, status, idempotency_key=key or f"key {self.keys}")

    def seen(self) -> Any:
        return self.by_client.get(f"/api/v1/orders/{self.order.pk}/")

    def status(self) -> str:
        return str(self.seen()["order"]["status"])

    def wallet(self, who: Membership | None = None) -> str:
        with website_scope(self.website.pk):
            return str(queries.wallet(actor(who or self.client)).balance)

    def resumed(self) -> list[str]:
        """What the clock finds out."""
        with website_scope(self.website.pk):
            resume(self.website)
        return run_jobs()

    def in_account(self, kind: str) -> int:
        with website_scope(self.website.pk):
            assert queries.drift(self.website) == Drift(0, 0)
            postings = Posting.objects.of(self.website).filter(account__kind=kind)
            return sum(postings.values_list("amount_minor", flat=True))

    def events(self) -> int:
        with website_scope(self.website.pk):
            return Event.objects.of(self.website).count()

    def charges(self) -> list[tuple[str, str]]:
        return [(charge.purpose, charge.status) for charge in orders.order_charges(self.order)]


@pytest.fixture
def frozen() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(db: None, frozen: time_machine.Coordinates) -> House:
    return House()


def test_by_wallet(house: House) -> None:
    filled_wallet(house.client, 5_000)
    paid = house.pay(WALLET)
    assert (paid["charge"]["status"], paid["charge"]["amount"]) == ("captured", "32.00")
    assert (paid["order"]["order"]["status"], paid["order"]["money"]["paid"]) == ("available", "32.00")
    assert (house.wallet(), house.in_account("sales")) == ("18.00", 3_200)


def test_by_card(house: House) -> None:
    paid = house.pay(CARD)
    assert (paid["charge"]["status"], paid["order"]["order"]["status"]) == ("captured", "available")
    assert (house.in_account("sales"), house.in_account("money_in")) == (3_200, -3_200)
    assert run_jobs().count("orders.apply_capture") == 1  # and finds nothing to do
    assert house.charges() == [("order", "captured")]
    before = house.events()
    assert house.pay(CARD, 409)["code"] == "wrong_state"
    assert house.events() == before


def test_without_money_nothing_happens(house: House) -> None:
    filled_wallet(house.client, 3_199)
    before = house.events()
    assert house.pay(WALLET, 409)["code"] == "insufficient_funds"
    assert (house.status(), house.wallet(), house.charges(), house.events()) == ("unpaid", "31.99", [], before)


@pytest.mark.parametrize("token", ["tok_declined", "tok_of_nobody"])
def test_a_declined_card_is_kept_and_the_wallet_pays(house: House, token: str) -> None:
    refused = house.pay({"method": "card", "payment_token": token}, 409, "declined")
    assert refused["code"] == "payment_declined"
    assert house.pay({"method": "card", "payment_token": token}, 409, "declined") == refused
    assert (house.status(), house.charges(), house.in_account("sales")) == ("unpaid", [("order", "declined")], 0)
    filled_wallet(house.client, 3_200)
    house.pay(WALLET)
    assert house.charges() == [("order", "declined"), ("order", "captured")]
    assert (house.status(), house.in_account("sales")) == ("available", 3_200)


def test_a_lost_answer_is_202_and_looked_up_once(house: House) -> None:
    body = {"method": "card", "payment_token": "tok_timeout"}
    waiting = house.pay(body, 202, "lost")
    assert (waiting["charge"]["status"], waiting["order"]["order"]["status"]) == ("unknown", "unpaid")
    assert house.pay(body, 202, "lost") == waiting  # replayed
    assert house.pay(CARD, 409)["code"] == "charge_pending"
    assert run_jobs().count("payments.look_up_charge") == 1
    found = house.by_client.get(f"/api/v1/payments/{waiting['charge']['id']}/")
    assert (found["status"], house.status(), house.in_account("sales")) == ("captured", "available", 3_200)
    house.resumed()
    assert (house.charges(), house.in_account("sales")) == ([("order", "captured")], 3_200)
    with website_scope(house.website.pk):
        assert Event.objects.of(house.website).filter(verb="order.pay").count() == 1
    assert SandboxPayment.objects.filter(metadata__website=house.website.pk).count() == 1


def test_a_late_card_is_pending_until_it_is_settled(house: House, frozen: time_machine.Coordinates) -> None:
    assert house.pay({"method": "card", "payment_token": "tok_late"}, 202)["charge"]["status"] == "pending"
    house.resumed()
    assert house.status() == "unpaid"
    frozen.shift(61)
    house.resumed()
    assert (house.status(), house.in_account("sales")) == ("available", 3_200)


def late_charge(house: House) -> Charge:
    house.pay({"method": "card", "payment_token": "tok_late"}, 202)
    return orders.order_charges(house.order)[0]


def test_nothing_expires_while_money_is_on_its_way(house: House, frozen: time_machine.Coordinates) -> None:
    late_charge(house)
    frozen.shift(4 * DAY)
    with website_scope(house.website.pk):
        expire_unpaid(house.website)
    house.by_client = as_(house.client)
    assert house.status() == "unpaid"
    house.resumed()
    assert (house.status(), house.in_account("sales")) == ("available", 3_200)


def test_an_order_that_nobody_pays_expires_at_its_time_and_not_before(
    house: House, frozen: time_machine.Coordinates
) -> None:
    for shift, expected in ((3 * DAY - dt.timedelta(seconds=1), "unpaid"), (dt.timedelta(seconds=1), "cancelled")):
        frozen.shift(shift)
        with website_scope(house.website.pk):
            expire_unpaid(house.website)
            expire_unpaid(house.website)
        house.by_client = as_(house.client)
        assert house.status() == expected
    assert house.seen()["cancel_cause"] == "system"


def believed_declined(charge: Charge) -> None:
    """The provider said no, and says yes later."""
    with website_scope(charge.website_id):
        settle_charge(charge, Outcome(Result.DECLINED), by=actor(charge.payer))


@pytest.mark.parametrize("fate", ["expired", "cancelled", "paid otherwise", "changed"])
def test_money_that_comes_too_late_is_in_the_wallet(house: House, frozen: time_machine.Coordinates, fate: str) -> None:
    charge = late_charge(house)
    believed_declined(charge)
    if fate == "expired":
        frozen.shift(4 * DAY)
        with website_scope(house.website.pk):
            expire_unpaid(house.website)
        house.by_client = as_(house.client)
    elif fate == "cancelled":
        house.by_client.post(f"/api/v1/orders/{house.order.pk}/cancel/", {"reason": "Wish"}, 200)
    elif fate == "changed":
        house.by_client.patch(f"/api/v1/orders/{house.order.pk}/", {"pages": 3}, 200)
    else:
        house.pay(CARD)
    before = house.status()
    assert before == {"paid otherwise": "available", "changed": "unpaid"}.get(fate, "cancelled")
    headers, body = webhook_about(charge.intent)
    anonymous()._client.post(
        "/api/v1/payments/webhooks/sandbox/", body, content_type="application/json", headers=headers
    )
    run_jobs()
    run_jobs()
    assert (house.status(), house.wallet()) == (before, "32.00")
    kept = 3_200 if fate == "paid otherwise" else 0
    assert house.in_account("sales") + house.in_account("refunds") == kept
    with website_scope(house.website.pk):
        assert Repayment.objects.of(house.website).get().destination == "wallet"
    if fate == "changed":  # and what went to the wallet holds nothing up
        assert house.pay(CARD)["order"]["order"]["status"] == "available"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "method"),
        ({"method": "cash"}, "method"),
        ({"method": "card"}, "payment_token"),
        ({"method": "card", "payment_token": 7 * "x" * 100}, "payment_token"),
        ({"method": "wallet", "amount": "1.00"}, "amount"),
    ],
)
def test_bad_payments_are_named(house: House, body: dict[str, Any], field: str) -> None:
    refused = house.pay(body, 400)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert house.charges() == []


def test_others_do_not_pay_it(house: House) -> None:
    stranger = as_(accounts.membership(house.website))
    path = f"/api/v1/orders/{house.order.pk}/pay/"
    assert house.post(path, CARD, 404, by=stranger)["code"] == "not_found"
    assert house.post(path, CARD, 403, by=house.by_support)["code"] == "permission_denied"
    assert house.charges() == []


# Tips


def delivered(house: House) -> str:
    house.order = orders.delivered_order(house.client, house.writer)
    return f"/api/v1/orders/{house.order.pk}"


def test_a_tip_is_the_writers_and_no_revenue(house: House) -> None:
    path = delivered(house)
    sales = house.in_account("sales")
    paid = house.post(f"{path}/tip/", {**CARD, "amount": "7.01"}, 200)
    assert (paid["charge"]["amount"], house.wallet(house.writer)) == ("7.01", "7.01")
    assert (house.in_account("sales"), house.in_account("tips")) == (sales, 0)
    assert house.seen()["money"]["paid"] == "32.00"
    run_jobs()
    house.post(f"{path}/tip/", {**CARD, "amount": "1.00"}, 200)
    assert house.wallet(house.writer) == "8.01"


def test_a_tip_is_shared_by_the_level_at_the_start(house: House) -> None:
    levels = {"code": "standard", "name": "Standard", "rank": 1, "academic_rank": 9, "pay_share_bps": 4_500}
    writers.levels(house.website, {**levels, "tip_share_bps": 7_550})
    path = delivered(house)
    writers.levels(house.website, {**levels, "tip_share_bps": 100})
    house.post(f"{path}/tip/", {**CARD, "amount": "3.01"}, 200)
    assert house.wallet(house.writer) == "2.27"  # 75.5 % of 3.01 is 2.27255
    assert house.in_account("tips") == 74


def test_a_tip_from_the_wallet_locks_as_a_cancellation_pays_the_writer_first(house: House) -> None:
    path = delivered(house)
    with website_scope(house.website.pk):
        filled_wallet(house.client, 1_000)
    with CaptureQueriesContext(connection) as asked:
        house.post(f"{path}/tip/", {**WALLET, "amount": "5.00"}, 200)
    locks = (row["sql"] for row in asked if row["sql"].endswith('FOR NO KEY UPDATE OF "payments_ledgeraccount"'))
    first = next(locks)
    assert 'ORDER BY "payments_ledgeraccount"."kind" ASC, "payments_ledgeraccount"."owner_id" ASC' in first
    assert {str(house.client.pk), str(house.writer.pk)} <= set(re.findall(r"\d+", first))
    assert house.wallet(house.writer) == "5.00"


def test_a_tip_is_of_who_had_the_order_then_and_once(house: House) -> None:
    """The same request again after the writer has let the order go: nothing is given twice."""
    path = delivered(house)
    given = house.post(f"{path}/tip/", {**CARD, "amount": "5.00"}, 200, key="thanks")
    wallet = house.wallet(house.client)
    with website_scope(house.website.pk):
        delivery.request_revision(house.order, by=actor(house.client), reason="Longer.")
        staffing.release(house.order, by=actor(house.writer), reason="No time.")
        charge = Charge.objects.of(house.website).get(pk=given["charge"]["id"])
        payment.apply_capture(charge, by=actor(house.client))
    assert (house.wallet(house.writer), house.wallet(house.client)) == ("5.00", wallet)
    assert house.in_account("tips") == 0


def test_a_tip_that_arrives_late_is_of_who_had_the_order_when_it_was_given(
    house: House, frozen: time_machine.Coordinates
) -> None:
    delivered(house)
    other = writers.writer(house.website, level="standard").member
    with website_scope(house.website.pk):
        charge = pending_charge(house.client, 500, purpose="tip", reference=house.order.reference, key="thanks")
        frozen.shift(DAY)
        delivery.request_revision(house.order, by=actor(house.client), reason="Longer.")
        staffing.reassign(house.order, other.pk, by=actor(house.support), reason="Ill.")
        captured(charge)
        run_jobs()
    assert (house.wallet(house.writer), house.wallet(other)) == ("5.00", "0.00")


@pytest.mark.parametrize("amount", ["0.99", "-5.00", "0", "1.001", "lots", None, "99999999999.00"])
def test_bad_tips(house: House, amount: str | None) -> None:
    path = delivered(house)
    refused = house.post(f"{path}/tip/", {**CARD, "amount": amount}, 400)
    assert [error["field"] for error in refused["errors"]] == ["amount"]


def test_a_tip_before_there_is_work_is_refused(house: House) -> None:
    assert house.post(f"/api/v1/orders/{house.order.pk}/tip/", {**CARD, "amount": "5.00"}, 409)["code"] == "wrong_state"


# Adjustments


def in_progress(house: House) -> str:
    house.order = orders.order_in_progress(house.client, house.writer)  # price 32.00, pay 14.40
    return f"/api/v1/orders/{house.order.pk}"


def pay_of(house: House) -> int:
    with website_scope(house.website.pk):
        return Assignment.objects.of(house.website).get(order=house.order).pay_minor


def test_the_client_proposes_staff_accept_the_client_pays(house: House) -> None:
    path = in_progress(house)
    proposed = house.by_client.post(f"{path}/adjust/", {"pages": 3, "reason": "More"}, 201)
    assert (proposed["difference"], proposed["status"], proposed["proposed_by"]) == ("16.00", "proposed", "client")
    accept = f"/api/v1/orders/adjustments/{proposed['id']}/accept/"
    assert house.post(accept, CARD, 409)["code"] == "not_your_decision"
    agreed = house.post(accept, {}, 200, by=house.by_support)
    assert (agreed["charge"], agreed["adjustment"]["status"]) == (None, "awaiting_payment")
    assert (house.seen()["money"]["price"], pay_of(house)) == ("32.00", 1_440)
    paid = house.post(accept, CARD, 200)
    assert (paid["charge"]["purpose"], paid["adjustment"]["status"]) == ("adjustment", "accepted")
    money = house.seen()["money"]
    assert (money["price"], money["paid"]) == ("48.00", "48.00")
    assert [line["amount"] for line in money["lines"]] == ["32.00", "16.00"]
    assert (house.seen()["order"]["pages"], pay_of(house)) == (3, 2_160)  # half more
    run_jobs()
    assert house.in_account("sales") == 4_800
    assert house.post(accept, CARD, 409)["code"] == "wrong_state"


def test_staff_propose_and_the_client_pays(house: House) -> None:
    path = in_progress(house)
    proposed = house.by_support.post(f"{path}/adjust/", {"slides": 1}, 201)
    accept = f"/api/v1/orders/adjustments/{proposed['id']}/accept/"
    assert house.post(accept, {}, 409, by=house.by_support)["code"] == "not_your_decision"
    assert [error["field"] for error in house.post(accept, {}, 400)["errors"]] == ["method"]
    assert house.post(accept, {"method": "card", "payment_token": "tok_declined"}, 409)["code"] == "payment_declined"
    filled_wallet(house.client, 700)
    house.post(accept, WALLET, 200)
    assert (house.wallet(), house.seen()["money"]["price"], pay_of(house)) == ("0.00", "39.00", 1_755)


def test_less_work_is_given_back_at_once(house: House) -> None:
    path = in_progress(house)
    proposed = house.by_client.post(f"{path}/adjust/", {"pages": 1}, 201)
    assert proposed["difference"] == "-16.00"
    accept = f"/api/v1/orders/adjustments/{proposed['id']}/accept/"
    done = house.post(accept, {}, 200, by=house.by_support)
    assert (done["charge"], done["adjustment"]["status"]) == (None, "accepted")
    money = house.seen()["money"]
    assert (money["price"], money["refunded"], house.wallet(), pay_of(house)) == ("16.00", "16.00", "16.00", 720)
    assert house.in_account("sales") + house.in_account("refunds") == 1_600


def test_one_adjustment_at_a_time_and_either_side_ends_it(house: House) -> None:
    path = in_progress(house)
    proposed = house.by_client.post(f"{path}/adjust/", {"pages": 3}, 201)
    assert house.by_support.post(f"{path}/adjust/", {"pages": 4}, 409)["code"] == "adjustment_open"
    decline = f"/api/v1/orders/adjustments/{proposed['id']}/decline/"
    assert house.by_support.post(decline, {"reason": "No"}, 200)["status"] == "declined"
    assert house.by_client.post(decline, {}, 409)["code"] == "wrong_state"
    assert house.seen()["money"]["price"] == "32.00"
    mine = house.by_client.post(f"{path}/adjust/", {"pages": 3}, 201)
    house.by_client.post(f"/api/v1/orders/adjustments/{mine['id']}/decline/", {}, 200)
    house.by_client.post(f"{path}/adjust/", {"pages": 4}, 201)


def test_an_adjustment_that_nothing_can_come_of_asks_for_no_money(house: House) -> None:
    """The work went to the client meanwhile: the card is not charged, to be given back to the wallet."""
    path = in_progress(house)
    proposed = house.by_support.post(f"{path}/adjust/", {"pages": 3}, 201)
    orders.work_file(house.order, house.writer)
    as_(house.writer).post(f"{path}/submit/", {}, 200)
    assert house.post(f"/api/v1/orders/adjustments/{proposed['id']}/accept/", CARD, 409)["code"] == "wrong_state"
    assert ("adjustment", "captured") not in house.charges()


def test_money_for_an_adjustment_that_is_off_goes_to_the_wallet(house: House, frozen: time_machine.Coordinates) -> None:
    path = in_progress(house)
    proposed = house.by_support.post(f"{path}/adjust/", {"pages": 3}, 201)
    body = {"method": "card", "payment_token": "tok_late"}
    accept = f"/api/v1/orders/adjustments/{proposed['id']}/accept/"
    assert house.post(accept, body, 202)["adjustment"]["status"] == "proposed"
    assert house.post(accept, CARD, 409)["code"] == "charge_pending"
    orders.work_file(house.order, house.writer)
    as_(house.writer).post(f"{path}/submit/", {}, 200)
    frozen.shift(61)
    house.resumed()
    assert (house.wallet(), house.seen()["money"]["price"], pay_of(house)) == ("16.00", "32.00", 1_440)
    assert house.in_account("sales") + house.in_account("refunds") == 3_200
    with website_scope(house.website.pk):
        assert PriceLine.objects.of(house.website).filter(order=house.order).count() == 1
        assert Adjustment.objects.of(house.website).get().status == "proposed"


def test_after_a_completion_nothing_is_adjusted(house: House) -> None:
    house.order = orders.completed_order(house.client, house.writer)
    path = f"/api/v1/orders/{house.order.pk}"
    house.by_client.post(f"{path}/request-revision/", {"reason": "Longer"}, 200)
    assert house.by_client.post(f"{path}/adjust/", {"pages": 9}, 409)["code"] == "completed_before"


def test_a_writer_who_takes_over_after_a_completion_is_paid_too(house: House, frozen: time_machine.Coordinates) -> None:
    other = writers.writer(house.website).member
    house.order = orders.completed_order(house.client, house.writer)
    frozen.shift(60)
    path = f"/api/v1/orders/{house.order.pk}"
    house.by_support.post(f"{path}/request-revision/", {"reason": "Wrong"}, 200)
    house.by_support.post(f"{path}/reassign/", {"writer_id": other.pk, "reason": "Ill", "cause": "writer"}, 200)
    orders.work_file(house.order, other)
    as_(other).post(f"{path}/submit/", {}, 200)
    house.by_client.post(f"{path}/approve/", {}, 200)
    with website_scope(house.website.pk):
        earned = Earning.objects.of(house.website).order_by("id").values_list("writer_id", "kind", "amount_minor")
        assert list(earned) == [(house.writer.pk, "pay", 1_440), (other.pk, "pay", 1_760)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"pages": 2}, ""),
        ({"pages": -1}, "pages"),
        ({"pages": 501}, "pages"),
        ({"pages": "many"}, "pages"),
        ({"pages": 0}, "pages"),
        ({"client_deadline": "2026-03-02T14:00:00+00:00"}, "client_deadline"),
        ({"client_deadline": "2026-03-09T14:00:00"}, "client_deadline"),
        ({"price": "1.00"}, "price"),
    ],
)
def test_bad_adjustments_are_named(house: House, body: dict[str, Any], field: str) -> None:
    path = in_progress(house)
    refused = house.by_client.post(f"{path}/adjust/", body, 400)
    if field:
        assert [error["field"] for error in refused["errors"]] == [field]
    else:
        assert refused["code"] == "nothing_to_adjust"
