"""A refund from the request to the receipt: every step from every state, and what each does to the money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction

from copydesk.accounts.errors import TooManyAttempts
from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, Refusal, WrongState
from copydesk.journal.models import Event
from copydesk.orders.actions import course
from copydesk.orders.errors import RefundOpen
from copydesk.orders.models import Order
from copydesk.payments import queries as payments
from copydesk.payments.errors import RefundTooLarge
from copydesk.payments.models import Charge, Posting, Repayment, RepaymentStatus
from copydesk.payments.queries import Drift, drift, refundable_minor
from copydesk.refunds import actions, errors
from copydesk.refunds.actions import process_refund
from copydesk.refunds.actions.requesting import repayments_of
from copydesk.refunds.models import Ground, Refund, RefundDestination, RefundPart, RefundStatus
from copydesk.refunds.queries.rows import refund_rows
from copydesk.refunds.receipt import receipt_number, receipt_pdf
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, orders, refunds
from tests.factories.accounts import actor
from tests.jobs import queued, run_jobs

S = RefundStatus
WALLET = RefundDestination.WALLET


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    """By card, 32.00."""
    return refunds.card_order(client)


@pytest.fixture
def second(website: Website) -> Membership:
    return accounts.membership(website, "admin")


def again(refund: Refund) -> Refund:
    return Refund.objects.of(refund.website_id).select_related("order").get(pk=refund.pk)


def state_of(website: Website) -> tuple[Any, ...]:
    """All that a refund may touch."""
    return (
        list(Refund.objects.of(website).order_by("pk").values()),
        list(Repayment.objects.of(website).order_by("pk").values()),
        list(Charge.objects.of(website).order_by("pk").values("pk", "repaid_minor")),
        Posting.objects.of(website).count(),
        Event.objects.of(website).count(),
        len(queued()),
    )


def refused(act: Callable[[], object], refusal: type[Refusal], website: Website) -> Refusal:
    """What it raised; nothing has changed, and nothing is queued."""
    before = state_of(website)
    with pytest.raises(refusal) as caught, transaction.atomic():
        act()
    assert state_of(website) == before
    return caught.value


def in_state(state: str, order: Order, admin: Membership) -> Refund:
    if state == S.REQUESTED:
        return refunds.request(order, order.client)
    if state in (S.REJECTED, S.CANCELLED):
        act = actions.reject_refund if state == S.REJECTED else actions.cancel_refund
        return act(refunds.request(order, order.client), by=actor(admin), reason="No.")
    return getattr(refunds, state)(order, admin)  # type: ignore[no-any-return]


STEPS: dict[str, Callable[[Refund, Membership], Refund]] = {
    "approve": lambda row, admin: actions.approve_refund(row, by=actor(admin)),
    "reject": lambda row, admin: actions.reject_refund(row, by=actor(admin), reason="No."),
    "process": lambda row, admin: process_refund(row, by=actor(admin)),
    "retry": lambda row, admin: actions.retry_refund(row, by=actor(admin)),
    "cancel": lambda row, admin: actions.cancel_refund(row, by=actor(admin), reason="No."),
}
ALLOWED = {
    ("requested", "approve"): S.APPROVED,
    ("requested", "reject"): S.REJECTED,
    ("requested", "process"): S.EXECUTING,
    ("requested", "cancel"): S.CANCELLED,
    ("approved", "process"): S.EXECUTING,
    ("approved", "cancel"): S.CANCELLED,
    ("failed", "retry"): S.EXECUTING,
    ("failed", "cancel"): S.CANCELLED,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", [status.value for status in S])
def test_every_step_from_every_state(order: Order, admin: Membership, state: str, step: str) -> None:
    refund = in_state(state, order, admin)
    assert refund.status == state
    target = ALLOWED.get((state, step))
    if target is None:
        refused(lambda: STEPS[step](again(refund), admin), WrongState, admin.website)
    else:
        assert STEPS[step](again(refund), admin).status == target
        assert Event.objects.of(admin.website).filter(verb=f"refund.{step}", subject_id=refund.pk).count() == 1


@pytest.mark.parametrize("state", [status.value for status in S])
def test_what_may_be_done_is_said(order: Order, admin: Membership, state: str) -> None:
    refund = again(in_state(state, order, admin))
    offered = {one.action: one.allowed for one in Refund.LIFECYCLE.available(refund, actor(admin))}
    assert offered == {step: (state, step) in ALLOWED for step in STEPS}


@pytest.mark.parametrize("role", ["client", "support", "writer", "editor"])
@pytest.mark.parametrize("step", ["approve", "reject", "process", "retry"])
def test_only_admins_decide_and_execute(
    website: Website, order: Order, admin: Membership, role: str, step: str
) -> None:
    refund = in_state("failed" if step == "retry" else "requested", order, admin)
    who = order.client if role == "client" else accounts.membership(website, role)
    refused(lambda: STEPS[step](again(refund), who), Forbidden, website)


class TestAsking:
    def test_claims_what_it_asks_for(self, website: Website, order: Order, client: Membership) -> None:
        refund = refunds.request(order, client, 1_000, ground=Ground.QUALITY)
        (part,) = repayments_of(refund)
        assert (part.amount_minor, part.destination, part.status) == (1_000, "card", "planned")
        assert refundable_minor(website, order.reference) == order.price_minor - 1_000
        assert queued("payments.execute_repayment") == []
        assert not Posting.objects.of(website).filter(transfer__purpose="repayment").exists()
        assert (refund.requested_by_id, refund.requested_role, refund.currency) == (client.user_id, "client", "USD")

    def test_is_split_in_proportion_to_the_cent(self, client: Membership, admin: Membership) -> None:
        order = refunds.mixed_order(client)
        parts = repayments_of(refunds.request(order, client, 1_000))
        assert [(part.amount_minor, part.destination) for part in parts] == [(667, "card"), (333, "wallet")]
        parts = repayments_of(refunds.request(order, client, 3_800))
        assert [part.amount_minor for part in parts] == [2_533, 1_267]
        assert sum(part.charge.refundable_minor for part in parts) == 0

    @pytest.mark.parametrize("amount_minor", [0, -1, 3_201])
    def test_nothing_and_more_than_all_are_refused(
        self, website: Website, order: Order, client: Membership, amount_minor: int
    ) -> None:
        refusal = refused(lambda: refunds.request(order, client, amount_minor), RefundTooLarge, website)
        assert refusal.context == {"refundable": "32.00", "currency": "USD"}

    def test_equal_ones_are_two(self, website: Website, order: Order, client: Membership) -> None:
        first, other = refunds.request(order, client, 1_600), refunds.request(order, client, 1_600)
        assert first.pk != other.pk
        refused(lambda: refunds.request(order, client, 1), RefundTooLarge, website)

    def test_an_order_that_was_not_paid_has_nothing(self, website: Website, client: Membership) -> None:
        order = orders.unpaid_order(client)
        refused(lambda: refunds.request(order, client), RefundTooLarge, website)

    def test_of_others_orders_and_by_who_may_not(
        self, website: Website, order: Order, writer: Membership, admin: Membership
    ) -> None:
        for who in (accounts.membership(website), writer, accounts.membership(website, "editor")):
            refused(lambda who=who: refunds.request(order, who), Forbidden, website)  # type: ignore[misc]

    @pytest.mark.parametrize("ground", [Ground.GOODWILL, Ground.DISPUTE])
    def test_a_client_gives_no_goodwill(self, website: Website, order: Order, client: Membership, ground: str) -> None:
        refused(lambda: refunds.request(order, client, ground=ground), Invalid, website)

    def test_staff_give_goodwill_and_no_outcome(self, website: Website, order: Order, support: Membership) -> None:
        assert refunds.request(order, support, ground=Ground.GOODWILL).requested_role == "support"
        refused(lambda: refunds.request(order, support, ground=Ground.DISPUTE), Invalid, website)

    def test_while_disputed_nobody_asks_decides_or_executes(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = refunds.completed(refunds.card_order(client), writer, admin)
        asked, ready, broken = (getattr(refunds, name)(order, admin) for name in ("executing", "approved", "failed"))
        asked = refunds.request(order, client)
        course.dispute(order, by=actor(client), dispute_reason="other", statement="No.")
        for act in (
            lambda: refunds.request(order, admin),
            lambda: actions.approve_refund(again(asked), by=actor(admin)),
            lambda: process_refund(again(asked), by=actor(admin)),
            lambda: process_refund(again(ready), by=actor(admin)),
            lambda: actions.retry_refund(again(broken), by=actor(admin)),
        ):
            refused(act, errors.OrderDisputed, website)
        assert actions.reject_refund(again(asked), by=actor(admin), reason="Disputed.").status == S.REJECTED
        assert actions.cancel_refund(again(ready), by=actor(admin), reason="Disputed.").status == S.CANCELLED

    def test_an_order_is_not_cancelled_before_it_is_decided(
        self, website: Website, order: Order, client: Membership, admin: Membership
    ) -> None:
        refund = refunds.request(order, client, 200)
        refused(lambda: course.cancel(order, by=actor(admin), reason="Over"), RefundOpen, website)
        actions.reject_refund(again(refund), by=actor(admin), reason="Wait.")
        assert course.cancel(order, by=actor(admin), reason="Over").refunded_minor == 3_200


class TestDeciding:
    def test_what_is_rejected_or_cancelled_is_free_again(
        self, website: Website, order: Order, client: Membership, admin: Membership
    ) -> None:
        for act in (actions.reject_refund, actions.cancel_refund):
            refund = act(refunds.request(order, client, 3_200), by=actor(admin), reason="No.")
            assert [part.status for part in repayments_of(refund)] == [RepaymentStatus.CANCELLED]
            assert refundable_minor(website, order.reference) == 3_200
            assert (refund.decision, refund.decided_by_id) == ("No.", admin.user_id)
        verbs = Event.objects.of(website).filter(verb__startswith="re").exclude(verb__startswith="request.")
        assert set(verbs.values_list("verb", flat=True)) == {
            *("refund.request", "refund.reject", "refund.cancel", "repayment.plan", "repayment.cancel")
        }

    def test_a_client_takes_back_only_what_nobody_has_decided(
        self, website: Website, order: Order, client: Membership, admin: Membership
    ) -> None:
        refund = refunds.approved(order, admin)
        refused(lambda: actions.cancel_refund(again(refund), by=actor(client), reason="Oh."), WrongState, website)
        other = refunds.request(order, client)
        assert actions.cancel_refund(other, by=actor(client), reason="Oh.").status == S.CANCELLED

    def test_above_the_cap_another_person_approves(
        self, website: Website, client: Membership, admin: Membership, second: Membership
    ) -> None:
        store_policy(website, "refunds", {"cap_minor": 1_000})
        order = refunds.card_order(client)
        small, large = refunds.request(order, admin, 1_000), refunds.request(order, admin, 1_001)
        assert (small.needs_another_person, large.needs_another_person) == (False, True)
        for act in (
            lambda: actions.approve_refund(again(large), by=actor(admin)),
            lambda: process_refund(again(large), by=actor(admin)),
        ):
            refused(act, errors.AnotherPerson, website)
        assert actions.approve_refund(again(small), by=actor(admin)).status == S.APPROVED
        actions.approve_refund(again(large), by=actor(second))
        assert process_refund(again(large), by=actor(admin)).status == S.EXECUTING

    def test_to_the_wallet_only_with_the_clients_consent(
        self, website: Website, order: Order, client: Membership, support: Membership, admin: Membership
    ) -> None:
        refund = refunds.request(order, support, destination=WALLET)
        refused(lambda: process_refund(again(refund), by=actor(admin)), errors.ConsentMissing, website)
        for who in (support, admin):
            refused(lambda who=who: actions.consent_to_wallet(again(refund), by=actor(who)), Forbidden, website)  # type: ignore[misc]
        actions.consent_to_wallet(again(refund), by=actor(client))
        refused(lambda: actions.consent_to_wallet(again(refund), by=actor(client)), errors.ConsentGiven, website)
        assert process_refund(again(refund), by=actor(admin)).status == S.SUCCEEDED
        assert str(payments.wallet(actor(client)).balance) == "10.00"

    def test_a_client_who_asks_for_the_wallet_agrees_to_it(
        self, website: Website, order: Order, client: Membership
    ) -> None:
        refund = refunds.request(order, client, destination=WALLET)
        assert refund.consented_at is not None
        refused(lambda: actions.consent_to_wallet(again(refund), by=actor(client)), errors.ConsentGiven, website)

    def test_the_database_lets_nothing_to_the_wallet_without_it(self, order: Order, support: Membership) -> None:
        refund = refunds.request(order, support, destination=WALLET)
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.of(order.website_id).filter(pk=refund.pk).update(status=S.EXECUTING)

    def test_all_that_wait_are_cancelled_for_an_outcome(
        self, website: Website, order: Order, client: Membership, admin: Membership
    ) -> None:
        rows = [refunds.request(order, client), refunds.approved(order, admin), refunds.executing(order, admin)]
        gone = actions.cancel_open_refunds(order, by=actor(admin), reason="By the outcome.")
        assert [row.pk for row in gone] == [row.pk for row in rows[:2]]
        assert refundable_minor(website, order.reference) == 2_200

    def test_many_at_once_each_as_alone(self, order: Order, client: Membership, admin: Membership) -> None:
        asked, ready = refunds.request(order, client), refunds.approved(order, admin)
        ids = [ready.pk, asked.pk, 999_999]
        report = actions.decide_refunds(ids, "approve", by=actor(admin), reason="Yes.", mode="preview")
        assert [row.code for row in report.results] == ["wrong_state", None, "not_found"]
        assert again(asked).status == S.REQUESTED
        applied = actions.decide_refunds(ids, "approve", by=actor(admin), reason="Yes.", mode="apply")
        assert applied.results == report.results
        assert again(asked).status == S.APPROVED


class TestExecuting:
    def test_card_parts_go_when_the_provider_has_done_it(
        self, website: Website, client: Membership, admin: Membership
    ) -> None:
        order = refunds.mixed_order(client)
        refund = refunds.executing(order, admin, 3_000)
        assert (refund.status, refund.receipt_number) == (S.EXECUTING, None)
        assert str(payments.wallet(actor(client)).balance) == "10.00"
        run_jobs()
        refund = again(refund)
        assert (refund.status, refund.receipt_number) == (S.SUCCEEDED, 1)
        books = Posting.objects.of(website).filter(account__kind="refunds").values_list("amount_minor", flat=True)
        assert sorted(books) == [-2_000, -1_000]
        assert drift(website) == Drift(0, 0)

    def test_process_asks_for_the_password(self, website: Website, order: Order, admin: Membership) -> None:
        password = refunds.with_password(admin)
        for wrong in ("", "wrong", password.upper()):
            refused(
                lambda wrong=wrong: actions.confirm_identity(wrong, by=actor(admin)),  # type: ignore[misc]
                errors.WrongPassword,
                website,
            )
        actions.confirm_identity(password, by=actor(admin))

    def test_a_password_is_guessed_ten_times(self, website: Website, order: Order, admin: Membership) -> None:
        password = refunds.with_password(admin)
        for _ in range(10):
            with pytest.raises(errors.WrongPassword):
                actions.confirm_identity("wrong", by=actor(admin))
        with pytest.raises(TooManyAttempts):
            actions.confirm_identity(password, by=actor(admin))

    def test_what_fails_is_free_for_others_and_keeps_its_key(
        self, website: Website, order: Order, client: Membership, admin: Membership
    ) -> None:
        refund = refunds.failed(order, admin, 2_000)
        assert (refund.status, refund.receipt_number) == (S.FAILED, None)
        intents = [part.intent for part in repayments_of(refund)]
        assert refundable_minor(website, order.reference) == 3_200
        other = refunds.request(order, client, 2_000)
        refused(lambda: actions.retry_refund(again(refund), by=actor(admin)), RefundTooLarge, website)
        actions.cancel_refund(other, by=actor(client), reason="Oh.")
        actions.retry_refund(again(refund), by=actor(admin))
        assert [part.intent for part in repayments_of(refund)] == intents
        run_jobs()
        assert again(refund).status == S.SUCCEEDED
        assert refundable_minor(website, order.reference) == 1_200

    def test_one_part_of_two_fails_and_only_it_is_tried_again(self, client: Membership, admin: Membership) -> None:
        order = refunds.mixed_order(client)
        refund = refunds.failed(order, admin, 3_000)
        assert sorted(part.status for part in repayments_of(refund)) == ["failed", "succeeded"]
        actions.retry_refund(again(refund), by=actor(admin))
        run_jobs()
        assert again(refund).status == S.SUCCEEDED
        assert str(payments.wallet(actor(client)).balance) == "10.00"

    def test_what_the_provider_refuses_for_good_is_given_up(
        self, website: Website, order: Order, client: Membership, admin: Membership, support: Membership
    ) -> None:
        """The order has that money to give again, as to the wallet."""
        refund = refunds.failed(order, admin, 2_000)
        refused(lambda: actions.cancel_refund(again(refund), by=actor(client), reason="Oh."), WrongState, website)
        refused(lambda: actions.cancel_refund(again(refund), by=actor(support), reason="Oh."), Forbidden, website)
        done = actions.cancel_refund(again(refund), by=actor(admin), reason="The card is closed.")
        assert (done.status, done.decision, done.decided_by_id) == (S.CANCELLED, "The card is closed.", admin.user_id)
        assert [part.status for part in repayments_of(done)] == [RepaymentStatus.FAILED]
        assert refundable_minor(website, order.reference) == 3_200
        assert refunds.succeeded(order, admin, 3_200, destination=WALLET).status == S.SUCCEEDED

    def test_not_where_a_part_has_gone_back(self, client: Membership, admin: Membership) -> None:
        refund = again(refunds.failed(refunds.mixed_order(client), admin, 3_000))
        refused(
            lambda: actions.cancel_refund(refund, by=actor(admin), reason="No."), errors.PartlyRefunded, admin.website
        )
        (row,) = refund_rows(actor(admin), [refund.pk])
        assert {one.action: one.code for one in row.available_actions}["cancel"] == "partly_refunded"

    def test_it_is_settled_once(self, website: Website, order: Order, admin: Membership) -> None:
        refund = refunds.succeeded(order, admin)
        before = state_of(website)
        actions.settle_refund(again(refund), by=actor(admin))
        assert state_of(website) == before
        run_jobs()
        assert again(refund).receipt_number == 1

    def test_receipts_are_numbered_without_gaps(self, website: Website, order: Order, admin: Membership) -> None:
        states = ("succeeded", "failed", "executing", "succeeded", "succeeded")
        numbers = [getattr(refunds, state)(order, admin, 100).receipt_number for state in states]
        assert numbers == [1, None, None, 2, 3]
        website.refresh_from_db()
        assert website.last_refund_receipt == 3

    def test_the_receipt(self, website: Website, order: Order, admin: Membership) -> None:
        refund = refunds.succeeded(order, admin)
        assert receipt_number(website, refund) == "ATLAS-R000001"
        assert receipt_pdf(website, again(refund)).startswith(b"%PDF")
        with pytest.raises(errors.NoRefundReceipt):
            receipt_pdf(website, again(refunds.request(order, order.client)))

    def test_parts_are_kept_as_they_are(self, order: Order, admin: Membership) -> None:
        refunds.request(order, order.client)
        with pytest.raises(DatabaseError), transaction.atomic():
            RefundPart.objects.of(order.website_id).update(refund=1)
        with pytest.raises(DatabaseError), transaction.atomic():
            RefundPart.objects.of(order.website_id).delete()


class TestGranting:
    def test_at_once_and_once(self, website: Website, order: Order, admin: Membership) -> None:
        grant = {"by": actor(admin), "reason": "Upheld.", "key": "dispute:1"}
        refund = actions.grant_refund(order, 3_000, **grant)
        assert (refund.status, refund.ground, refund.needs_another_person) == (S.EXECUTING, Ground.DISPUTE, False)
        assert actions.grant_refund(order, 3_000, **grant).pk == refund.pk
        run_jobs()
        assert again(refund).status == S.SUCCEEDED
        refused(lambda: actions.grant_refund(order, 201, **{**grant, "key": "other"}), RefundTooLarge, website)

    def test_not_by_who_settles_nothing(self, website: Website, order: Order, support: Membership) -> None:
        refused(
            lambda: actions.grant_refund(order, 100, by=actor(support), reason="Upheld.", key="dispute:1"),
            Forbidden,
            website,
        )


class TestSettlements:
    """What a cancellation gives back, and the provider refuses."""

    def test_becomes_a_refund_that_failed_and_is_tried_again(
        self, website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = refunds.card_order(client, token="tok_unsettled")
        course.cancel(order, by=actor(admin), reason="Over")
        run_jobs()
        refund = Refund.objects.of(website).select_related("order").get()
        assert (refund.status, refund.ground, refund.amount_minor) == (S.FAILED, Ground.SETTLEMENT, 3_200)
        assert (refund.requested_by_id, refund.requested_role) == (None, "system")
        before = state_of(website)
        (part,) = repayments_of(refund)
        assert actions.follow_settlement(part, by=actor(admin)) is None
        assert state_of(website) == before
        frozen.shift(dt.timedelta(days=1))
        actions.retry_refund(refund, by=actor(admin))
        run_jobs()
        assert again(refund).status == S.SUCCEEDED
        assert drift(website) == Drift(0, 0)

    def test_not_what_is_still_on_its_way(self, website: Website, order: Order, admin: Membership) -> None:
        course.cancel(order, by=actor(admin), reason="Over")
        part = Repayment.objects.of(website).select_related("charge").get()
        assert actions.follow_settlement(part, by=actor(admin)) is None
        run_jobs()
        assert not Refund.objects.of(website).exists()
