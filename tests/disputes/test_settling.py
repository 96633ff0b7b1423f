"""Every outcome in every state of the order, against the ledger; a preview says what is done, field by field."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction

from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, WrongState
from copydesk.disputes import actions
from copydesk.disputes.models import Outcome, Party, Verdict
from copydesk.disputes.queries.settlement import Settlement
from copydesk.journal.models import Event
from copydesk.journal.queries import timeline
from copydesk.orders.actions import adjustments, delivery, staffing
from copydesk.orders.models import Assignment, Cause, Order, Round, Status
from copydesk.payments import gateway
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.errors import RefundTooLarge
from copydesk.payments.models import Charge, Earning, EarningHold, Posting, Repayment
from copydesk.payments.queries import Drift, drift, earned_minor
from copydesk.refunds.actions import process_refund, request_refund
from copydesk.refunds.errors import AnotherPerson
from copydesk.refunds.models import Ground, Refund
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, disputes, orders, refunds
from tests.factories.accounts import actor
from tests.jobs import run_jobs

from .test_course import everything, order_of, refused

To, V = Outcome, Verdict
STATES = tuple(disputes.STATES)
DAY = dt.timedelta(days=1)
PRICE, PAY = 3_200, 1_440
"""Of the factories' order: see test_the_sums_are_of_this_order."""


def given(outcome: Outcome, now: dt.datetime) -> dict[str, Any]:
    return {"new_deadline": now + 20 * DAY} if outcome is To.EXTEND_DEADLINE else {}


def balances(website: Website) -> dict[str, int]:
    """Of each kind of account, what its postings sum to."""
    sums: dict[str, int] = {}
    for kind, amount in Posting.objects.of(website).values_list("account__kind", "amount_minor"):
        sums[kind] = sums.get(kind, 0) + amount
    return sums


def lines(settlement: Settlement) -> list[tuple[str, int]]:
    return [(line.account.value, int(line.amount * 100)) for line in settlement.postings]


def money(minor: int) -> Decimal:
    return Decimal(minor) / 100


def back(amount: int) -> list[tuple[str, int]]:
    """What a refund to the wallet posts."""
    return [("refunds", -amount), ("wallet", amount)]


def cost(amount: int) -> list[tuple[str, int]]:
    return [("writer_cost", -amount), ("earnings", amount)]


def test_the_sums_are_of_this_order(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    assert (order.price_minor, earned_minor(client.website_id, order.reference, writer.pk)) == (PRICE, PAY)


AFTER = {
    To.WRITER_WINS: None,
    To.CLIENT_WINS: Status.CANCELLED,
    To.EXTEND_DEADLINE: Status.REVISION,
    To.REASSIGN: Status.AVAILABLE,
}
POSTED: dict[tuple[Outcome, str], list[tuple[str, int]]] = {
    **{(To.CLIENT_WINS, state): back(PRICE) for state in STATES},
    (To.CLIENT_WINS, "completed"): [*back(PRICE), *cost(-PAY)],
    (To.REASSIGN, "completed"): cost(-PAY),
}
"""All others post nothing."""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("outcome", Outcome)
class TestEveryOutcomeInEveryState:
    def test_what_it_does(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        website: Website,
        noon: dt.datetime,
        frozen: time_machine.Coordinates,
        outcome: Outcome,
        state: str,
    ) -> None:
        before_dispute = disputes.STATES[state](client, writer)
        due, deadline = before_dispute.writer_due_at, before_dispute.client_deadline
        row = disputes.answer(disputes.dispute_of(before_dispute, client), writer)
        frozen.shift(2 * DAY)
        before, now = balances(website), noon + 2 * DAY
        done = disputes.resolved(row, admin, outcome, **given(outcome, now))
        order, after = order_of(row), AFTER[outcome] or Status(state)
        assert (order.status, order.held_from) == (after, "")
        assert (done.order.before, done.order.after) == (state, after)
        assert lines(done) == POSTED.get((outcome, state), [])
        changed = {kind: n - before.get(kind, 0) for kind, n in balances(website).items() if n != before.get(kind, 0)}
        expected: dict[str, int] = {}
        for account, amount in lines(done):
            expected[account] = expected.get(account, 0) + amount
        assert changed == expected
        assert drift(website) == Drift(0, 0)
        assert not EarningHold.objects.of(website).filter(released_at=None).exists()
        earned = state == "completed"
        whole = outcome is To.CLIENT_WINS or outcome is To.REASSIGN
        assert done.writer_pay.is_earned is earned
        assert (done.writer_pay.agreed, done.writer_pay.before) == (money(PAY), money(PAY))
        assert (done.writer_pay.after, done.writer_pay.change) == (
            money(0 if whole else PAY),
            money(-PAY if whole else 0),
        )
        assert done.refund.amount == money(PRICE if outcome is To.CLIENT_WINS else 0)
        row.refresh_from_db()
        assert (row.status, row.verdict, row.closed_at) == ("resolved", done.verdict, now)
        assert row.refund_minor == int(done.refund.amount * 100)
        assert row.pay_change_minor == int(done.writer_pay.change * 100)
        self.order_is_consistent(order, outcome, state, due, deadline, now)

    def order_is_consistent(
        self, order: Order, outcome: Outcome, state: str, due: Any, deadline: dt.datetime, now: dt.datetime
    ) -> None:
        times = Assignment.objects.of(order.website_id).filter(order=order)
        open_round = Round.objects.of(order.website_id).filter(order=order, submitted_at=None, closed_at=None).first()
        if outcome is To.WRITER_WINS:
            assert order.writer_due_at == (due + 2 * DAY if due else None)
            assert order.approve_at == (now + 7 * DAY if state == "delivered" else None)
            assert (open_round is not None) == (state in ("in_progress", "revision"))
            assert open_round is None or open_round.due_with_excuse == order.writer_due_at
        elif outcome is To.CLIENT_WINS:
            assert (order.cancel_cause, order.cancelled_at, order.writer_due_at) == (Cause.WRITER, now, None)
            ended = times.get()
            assert (ended.outcome, ended.cause, ended.ended_at) == ("cancelled", "writer", now)
            assert (open_round, order.forfeited_minor) == (None, 0)
        elif outcome is To.EXTEND_DEADLINE:
            assert order.writer_due_at == order.client_deadline == now + 20 * DAY > deadline
            assert open_round is not None
            assert (open_round.kind, open_round.cause) == ("revision", Cause.STAFF)
            assert open_round.due_at == now + 20 * DAY
            assert times.get().ended_at is None
        else:
            assert (order.writer_id, order.writer_due_at, open_round) == (None, None, None)
            ended = times.get()
            assert (ended.outcome, ended.cause) == ("released", "writer")

    def test_a_preview_says_just_that(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        website: Website,
        noon: dt.datetime,
        outcome: Outcome,
        state: str,
    ) -> None:
        row = disputes.reviewed(client, writer, state)
        before = everything(website), balances(website), Refund.objects.of(website).count()
        shown = disputes.resolved(row, admin, outcome, mode="preview", **given(outcome, noon))
        assert (everything(website), balances(website), Refund.objects.of(website).count()) == before
        row = type(row).objects.of(website).get(pk=row.pk)
        done = disputes.resolved(row, admin, outcome, **given(outcome, noon))
        for field in dataclasses.fields(Settlement):
            if field.name != "mode":
                assert getattr(shown, field.name) == getattr(done, field.name), field.name
        assert (shown.mode, done.mode) == ("preview", "apply")

    def test_the_order_lives_on(
        self,
        client: Membership,
        writer: Membership,
        writer2: Membership,
        admin: Membership,
        website: Website,
        noon: dt.datetime,
        outcome: Outcome,
        state: str,
    ) -> None:
        """To its end, by the usual steps; whoever brings it there is paid, nobody twice."""
        row = disputes.reviewed(client, writer, state)
        disputes.resolved(row, admin, outcome, **given(outcome, noon))
        order = order_of(row)
        if order.status == Status.AVAILABLE:
            order = staffing.assign(order, writer2.pk, by=actor(admin))
        if order.status in (Status.IN_PROGRESS, Status.REVISION):
            at_work = writer2 if order.writer_id == writer2.pk else writer
            orders.work_file(order, at_work)
            order = delivery.submit(order, by=actor(at_work))
        if order.status == Status.DELIVERED:
            order = delivery.approve(order, by=actor(client))
        cancelled = outcome is To.CLIENT_WINS
        assert order.status == (Status.CANCELLED if cancelled else Status.COMPLETED)
        worth = {who.pk: earned_minor(website, order.reference, who.pk) for who in (writer, writer2)}
        winner = writer2.pk if outcome is To.REASSIGN else writer.pk
        assert worth == {writer.pk: 0, writer2.pk: 0} | ({} if cancelled else {winner: PAY})
        assert balances(website)["sales"] + balances(website).get("refunds", 0) == (0 if cancelled else PRICE)


class TestPartOfTheMoney:
    @pytest.mark.parametrize("state", STATES)
    def test_pay_falls_in_the_same_proportion(
        self, client: Membership, writer: Membership, admin: Membership, website: Website, state: str
    ) -> None:
        row = disputes.reviewed(client, writer, state)
        shown = disputes.resolved(row, admin, To.CLIENT_WINS, "preview", refund_minor=1_010)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=1_010)
        assert dataclasses.replace(shown, mode="apply") == done
        # 10.10 of 32.00: 14.40 falls by 4.545, to the cent halves up.
        assert (done.writer_pay.change, done.writer_pay.after) == (Decimal("-4.55"), Decimal("9.85"))
        assert lines(done) == [*back(1_010), *([] if state == "completed" else cost(PAY)), *cost(-455)]
        assert (done.refund.amount, done.refund.kept) == (money(1_010), money(2_190))
        order = order_of(row)
        assert order.forfeited_minor == 2_190
        assert earned_minor(website, order.reference, writer.pk) == 985
        window = dt.timedelta(days=14)
        assert all(
            one.payable_at == row.opened_at + window for one in Earning.objects.of(website).about(order.reference)
        )
        self.refund(order, client, admin, 1_095, Ground.QUALITY)
        assert earned_minor(website, order.reference, writer.pk) == 493

    def test_in_all_with_what_was_refunded_before(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        order = orders.delivered_order(client, writer)
        self.refund(order, client, admin, 800, Ground.QUALITY)
        self.refund(order, client, admin, 400, Ground.GOODWILL)
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=700)
        # Goodwill is nobody's pay: 8.00 of 32.00 before, 15.00 of them after.
        assert (done.writer_pay.before, done.writer_pay.after) == (money(1_080), money(765))
        assert done.refund.kept == money(1_300)

    def refund(self, order: Order, client: Membership, admin: Membership, amount: int, ground: Ground) -> None:
        by = actor(admin) if ground == Ground.GOODWILL else actor(client)
        refund = request_refund(order, amount_minor=amount, reason="Sorry.", by=by, ground=ground)
        process_refund(refund, by=actor(admin))

    def test_what_was_asked_for_before_is_decided_by_it(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        order = orders.completed_order(client, writer)
        asked = request_refund(order, amount_minor=500, reason="Poor.", by=actor(client))
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        done = disputes.resolved(row, admin, To.CLIENT_WINS)
        assert (done.cancelled_refunds, done.refund.amount) == ([asked.pk], money(PRICE))
        asked.refresh_from_db()
        assert asked.status == "cancelled"

    def test_what_waiting_requests_claim_is_the_orders_again(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        order = orders.delivered_order(client, writer)
        self.refund(order, client, admin, 800, Ground.QUALITY)
        request_refund(order, amount_minor=1_600, reason="Poor.", by=actor(client))
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=400)
        assert (done.writer_pay.before, done.writer_pay.after) == (money(1_080), money(900))
        assert earned_minor(website, order.reference, writer.pk) == 900

    def test_what_an_agreed_change_still_owes_is_no_part_of_what_is_kept(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        """The provider refuses what is to go back for a page less; then a cent is refunded."""
        order = refunds.card_order(client)
        fewer = adjustments.propose_adjustment(order, by=actor(client), pages=1)
        adjustments.accept_adjustment(fewer, by=actor(admin))
        part = Repayment.objects.of(website).get()
        settle_repayment(part, gateway.Outcome(gateway.Result.DECLINED, "", "gone"), by=actor(admin).as_system())
        run_jobs()
        order = staffing.assign(
            Order.objects.of(website).get(pk=order.pk), writer.pk, by=actor(admin), reason="Trusted"
        )
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=1)
        order = order_of(row)
        assert (order.price_minor, order.forfeited_minor, done.refund.kept) == (1_600, 1_600, money(3_199))
        # A cent of 16.00: of 7.20 not half a cent.
        assert done.writer_pay.after == done.writer_pay.agreed == money(720)

    def test_by_card_pay_that_was_not_earned_falls_as_any(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        """When the money has gone; it is payable only long after."""
        order = staffing.assign(refunds.card_order(client), writer.pk, by=actor(admin), reason="Trusted")
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=800)
        assert (done.refund.sources[0].is_posted, done.writer_pay.after) == (False, money(1_080))
        assert (lines(done), done.writer_pay.posted) == (cost(PAY), money(PAY))
        run_jobs()
        assert earned_minor(website, order.reference, writer.pk) == 1_080
        assert Refund.objects.of(website).get().status == "succeeded"

    @pytest.mark.parametrize("mode", ["preview", "apply"])
    def test_above_the_cap_it_takes_two(
        self, client: Membership, writer: Membership, admin: Membership, website: Website, mode: str
    ) -> None:
        """Who opened it for staff has asked for what it gives back; a party's own was asked for by that party."""
        store_policy(website, "refunds", {"cap_minor": 1_000})
        second = accounts.membership(website, "admin")
        row = disputes.dispute_of(orders.delivered_order(client, writer), admin)
        disputes.answer(disputes.asked(row, admin, Party.WRITER), writer)
        refused(website, AnotherPerson, lambda: disputes.resolved(row, admin, To.CLIENT_WINS, mode, refund_minor=1_001))
        assert disputes.resolved(row, admin, To.CLIENT_WINS, "preview", refund_minor=1_000).refund.amount == money(
            1_000
        )
        assert disputes.resolved(row, second, To.CLIENT_WINS, mode, refund_minor=1_001).refund.amount == money(1_001)
        theirs = disputes.reviewed(client, writer)
        assert disputes.resolved(theirs, admin, To.CLIENT_WINS, mode).refund.amount == money(PRICE)

    def test_too_much_is_refused(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        row = disputes.reviewed(client, writer)
        for mode in ("preview", "apply"):
            caught = refused(
                website,
                RefundTooLarge,
                lambda mode=mode: disputes.resolved(row, admin, To.CLIENT_WINS, mode, refund_minor=PRICE + 1),
            )
            assert caught.context == {"refundable": "32.00", "currency": "USD"}

    def test_by_card_it_is_posted_when_the_provider_has_done_it(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        order = refunds.completed(refunds.mixed_order(client), writer, admin)
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        shown = disputes.resolved(row, admin, To.CLIENT_WINS, "preview", refund_minor=2_400)
        done = disputes.resolved(row, admin, To.CLIENT_WINS, refund_minor=2_400)
        assert dataclasses.replace(shown, mode="apply") == done
        card, wallet = Charge.objects.of(website).about(order.reference).order_by("pk")
        assert [(one.charge_id, one.destination, one.amount, one.is_posted) for one in done.refund.sources] == [
            (card.pk, "card", money(1_600), False),
            (wallet.pk, "wallet", money(800), True),
        ]
        # Half of all goes back, so half of the pay; at once what the wallet's part takes: 8 of 48.
        assert (done.writer_pay.agreed, done.writer_pay.after) == (money(2_160), money(1_080))
        assert lines(done) == [*back(800), *cost(-360)]
        assert Repayment.objects.of(website).get(charge=card).status == "executing"


class TestVerdicts:
    def test_each_outcome_has_its_verdicts(self, client: Membership, writer: Membership, admin: Membership) -> None:
        assert disputes.resolved(disputes.reviewed(client, writer), admin, To.REASSIGN).verdict is V.CLIENT
        row = disputes.reviewed(client, writer)
        done = disputes.resolved(row, admin, To.REASSIGN, verdict=V.NEITHER)
        assert (done.verdict, done.remedy) == (V.NEITHER, "new_writer")
        assert Assignment.objects.of(client.website).get(order=row.order).cause == Cause.STAFF

    def test_a_writer_who_is_not_at_fault_keeps_what_it_earned(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        row = disputes.reviewed(client, writer, "completed")
        done = disputes.resolved(row, admin, To.REASSIGN, verdict=V.WRITER)
        assert (lines(done), done.writer_pay.change) == ([], money(0))
        assert earned_minor(website, row.order.reference, writer.pk) == PAY

    def test_reassigned_with_a_later_deadline(
        self, client: Membership, writer: Membership, admin: Membership, noon: dt.datetime
    ) -> None:
        row = disputes.reviewed(client, writer)
        done = disputes.resolved(row, admin, To.REASSIGN, new_deadline=noon + 30 * DAY)
        assert done.order.client_deadline == noon + 30 * DAY
        assert done.order.writer_removed

    @pytest.mark.parametrize(
        ("outcome", "wrong", "field"),
        [
            (To.WRITER_WINS, {"refund_minor": 100}, "refund_amount"),
            (To.WRITER_WINS, {"verdict": V.CLIENT}, "verdict"),
            (To.CLIENT_WINS, {"verdict": V.NEITHER}, "verdict"),
            (To.CLIENT_WINS, {"refund_minor": 0}, "refund_amount"),
            (To.CLIENT_WINS, {"days": 3}, "new_deadline"),
            (To.EXTEND_DEADLINE, {}, "new_deadline"),
            (To.EXTEND_DEADLINE, {"days": 0}, "new_deadline"),
            (To.REASSIGN, {"days": -1}, "new_deadline"),
        ],
    )
    def test_what_does_not_go_together(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        website: Website,
        noon: dt.datetime,
        outcome: Outcome,
        wrong: dict[str, Any],
        field: str,
    ) -> None:
        row = disputes.reviewed(client, writer)
        if "days" in wrong:
            wrong = {"new_deadline": noon + wrong["days"] * DAY}
        caught = refused(website, Invalid, lambda: disputes.resolved(row, admin, outcome, **wrong))
        assert isinstance(caught, Invalid)
        assert [error.field for error in caught.errors] == [field]

    def test_who_decides_and_when(
        self, client: Membership, writer: Membership, admin: Membership, support: Membership, website: Website
    ) -> None:
        row = disputes.dispute(client, writer)
        refused(website, WrongState, lambda: disputes.resolved(row, admin))
        disputes.answer(row, writer)
        for other in (client, writer, support):
            refused(website, Forbidden, lambda by=other: disputes.resolved(row, by))
        blank = actions.Decision(To.WRITER_WINS, "  ")
        refused(website, Invalid, lambda: actions.resolve_dispute(row, blank, by=actor(admin)))


def test_both_sides_read_why_and_neither_what_is_the_others(
    client: Membership, writer: Membership, admin: Membership, website: Website
) -> None:
    row = disputes.reviewed(client, writer, "completed")
    disputes.resolved(row, admin, To.CLIENT_WINS)
    for who, hidden, shown in (
        (client, "pay_change", "refund"),
        (writer, "refund", "pay_change"),
    ):
        seen = {one.verb: one for one in timeline(actor(who), "order", row.order_id)}
        assert seen["dispute.resolve"].reason == seen["order.settle"].reason == "Both sides were heard."
        assert hidden not in seen["dispute.resolve"].data
        assert shown in seen["dispute.resolve"].data
    assert Event.objects.of(website).get(verb="order.settle").member_id == admin.pk


class TestBulk:
    def test_of_one_reason_and_outcome(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        rows = [disputes.reviewed(client, writer, "completed") for _ in range(2)]
        other = disputes.reviewed(client, writer, reason="plagiarism")
        early = disputes.dispute(client, writer)
        ids = [rows[1].pk, other.pk, early.pk, 10**9, rows[0].pk]
        before = everything(website), balances(website)
        shown = self.bulk(ids, admin, "preview")
        assert (everything(website), balances(website)) == before
        done = self.bulk(ids, admin, "apply")
        assert dataclasses.replace(shown, mode="apply") == done
        assert [one.code for one in done.results] == [None, "another_reason", "wrong_state", "not_found", None]
        assert (done.applied, done.refused) == (2, 3)
        assert balances(website)["wallet"] == 2 * PRICE
        states = {row.pk: type(row).objects.of(website).get(pk=row.pk).status for row in [*rows, other, early]}
        assert list(states.values()) == ["resolved", "resolved", "under_review", "awaiting_writer"]

    def test_under_a_cap(self, client: Membership, writer: Membership, admin: Membership, website: Website) -> None:
        row = disputes.reviewed(client, writer)
        ids = [row.pk, *range(10**9, 10**9 + 50)]
        caught = refused(website, Invalid, lambda: self.bulk(ids, admin, "apply"))
        assert isinstance(caught, Invalid)
        assert caught.errors[0].field == "ids"

    def bulk(self, ids: list[int], admin: Membership, mode: Any) -> Any:
        decision = actions.Decision(To.CLIENT_WINS, "All alike.")
        with transaction.atomic():
            return actions.resolve_disputes(ids, "quality_issue", decision, by=actor(admin), mode=mode)  # type: ignore[arg-type]
