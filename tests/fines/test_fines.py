"""A fine from the proposal to the payout that it is kept from: every step from every state, and the ledger's lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import transaction

from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, Refusal, WrongState
from copydesk.fines import actions, errors, tasks
from copydesk.fines.models import Appeal, AppealStatus, Fine, FineStatus
from copydesk.fines.policies import FineKind
from copydesk.fines.queries.rows import managed_rows
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.payments import actions as payments
from copydesk.payments.errors import NothingPayable, PayoutHeld
from copydesk.payments.models import Earning, Posting
from copydesk.payments.queries import Drift, drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, fines, orders
from tests.factories.accounts import actor
from tests.factories.payments import earning
from tests.jobs import queued, run_jobs

S, A = FineStatus, AppealStatus
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    """In progress, for 14.40."""
    return orders.order_in_progress(client, writer, admin)


@pytest.fixture
def second(website: Website) -> Membership:
    return accounts.membership(website, "admin")


def again(fine: Fine) -> Fine:
    return Fine.objects.of(fine.website_id).get(pk=fine.pk)


def lines(fine: Fine) -> list[tuple[str, int]]:
    """What the ledger has of it, in the writer's account."""
    rows = Earning.objects.of(fine.website_id).about(fine.reference).order_by("pk")
    return list(rows.values_list("kind", "amount_minor"))


def state_of(website: Website) -> tuple[Any, ...]:
    return (
        list(Fine.objects.of(website).order_by("pk").values()),
        list(Appeal.objects.of(website).order_by("pk").values()),
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


def in_state(state: str, order: Order, admin: Membership, second: Membership) -> Fine:
    if state in (S.PROPOSED, S.ISSUED, S.APPEALED):
        return getattr(fines, state)(order, admin)  # type: ignore[no-any-return]
    if state == S.SETTLED:
        return fines.settled(order, admin)
    fine = fines.issued(order, admin)
    by: Any = {"by": actor(second), "reason": "So be it."}
    if state == S.UPHELD:
        actions.reject_appeal(fines.appeal_of(fine), **by)
    elif state == S.REDUCED:
        actions.waive_fine(fine, amount_minor=100, **by)
    elif state == S.WAIVED:
        actions.waive_fine(fine, **by)
    else:
        actions.void_fine(fine, **by)
    return again(fine)


STEPS: dict[str, Callable[[Fine, Membership], object]] = {
    "issue": lambda row, admin: actions.issue_fine(row, by=actor(admin)),
    "appeal": lambda row, admin: actions.appeal_fine(row, by=actor(row.writer), text="No."),
    "waive": lambda row, admin: actions.waive_fine(row, by=actor(admin), reason="Sick."),
    "void": lambda row, admin: actions.void_fine(row, by=actor(admin), reason="Wrong writer."),
}
ALLOWED = {
    ("proposed", "issue"): S.ISSUED,
    **{(state, "appeal"): S.APPEALED for state in ("issued", "reduced", "settled")},
    **{(state, "waive"): S.WAIVED for state in ("issued", "upheld", "reduced", "settled")},
    **{(state.value, "void"): S.VOIDED for state in S if state != S.VOIDED},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", [status.value for status in S])
def test_every_step_from_every_state(
    website: Website, order: Order, admin: Membership, second: Membership, state: str, step: str
) -> None:
    fine = in_state(state, order, admin, second)
    assert fine.status == state
    target = ALLOWED.get((state, step))
    if target is None:
        refused(lambda: STEPS[step](again(fine), admin), WrongState, website)
        return
    STEPS[step](again(fine), admin)
    assert again(fine).status == target
    assert Event.objects.of(website).filter(verb=f"fine.{step}", subject_id=fine.pk).count() >= 1
    assert drift(website) == Drift(0, 0)
    if target in (S.WAIVED, S.VOIDED) and state != "proposed":
        assert sum(amount for _, amount in lines(fine)) == 0


@pytest.mark.parametrize("role", ["client", "editor", "support", "writer"])
@pytest.mark.parametrize("step", ["issue", "waive", "void"])
def test_only_admins_decide(website: Website, order: Order, admin: Membership, role: str, step: str) -> None:
    fine = fines.proposed(order, admin) if step == "issue" else fines.issued(order, admin)
    refused(lambda: STEPS[step](again(fine), accounts.membership(website, role)), Forbidden, website)


class TestProposing:
    def test_an_amount_a_share_or_the_tariff(self, website: Website, order: Order, admin: Membership) -> None:
        assert fines.proposed(order, admin, 300).amount_minor == 300
        share = fines.proposed(order, admin, None, share_bps=1_000)
        assert (share.amount_minor, share.share_bps, share.pay_minor) == (144, 1_000, 1_440)
        refused(lambda: fines.proposed(order, admin, None), Invalid, website)
        tariffs = {"quality": {"share_bps": 500}, "privacy": {"amount_minor": 100}}
        later = orders.order_in_progress(order.client, order.writer)  # type: ignore[arg-type]
        store_policy(website, "fines", {"tariffs": tariffs})
        refused(lambda: fines.proposed(later, admin, None, kind="inactivity"), Invalid, website)
        newest = orders.order_in_progress(order.client, order.writer)  # type: ignore[arg-type]
        assert fines.proposed(newest, admin, None).amount_minor == 72
        assert fines.proposed(newest, admin, None, kind=FineKind.PRIVACY).amount_minor == 100

    def test_all_of_one_order_come_to_half_of_its_pay(self, order: Order, admin: Membership) -> None:
        first, other, third = (fines.proposed(order, admin, amount) for amount in (500, 500, 10))
        assert [(fine.amount_minor, fine.excess_minor) for fine in (first, other, third)] == [
            (500, 0), (220, 280), (0, 10),
        ]  # fmt: skip

    def test_what_was_waived_or_voided_makes_room(self, order: Order, admin: Membership) -> None:
        first, other = fines.issued(order, admin, 400), fines.issued(order, admin, 320)
        actions.waive_fine(first, by=actor(admin), reason="Sick.", amount_minor=100)
        actions.void_fine(other, by=actor(admin), reason="Wrong.")
        assert fines.proposed(order, admin, 1_000).amount_minor == 420

    def test_of_a_writer_for_no_order(self, website: Website, writer: Membership, support: Membership) -> None:
        given: Any = {"kind": FineKind.INACTIVITY, "reason": "Silent.", "by": actor(support)}
        fine = actions.propose_fine(writer_id=writer.pk, amount_minor=9_000, **given)
        assert (fine.amount_minor, fine.excess_minor, fine.order_id) == (9_000, 0, None)
        refused(lambda: actions.propose_fine(writer_id=support.pk, amount_minor=1, **given), Invalid, website)
        refused(lambda: actions.propose_fine(writer_id=writer.pk, share_bps=100, **given), Invalid, website)

    def test_of_an_order_that_nobody_has_written(self, website: Website, client: Membership, admin: Membership) -> None:
        order = orders.available_order(client)
        refused(lambda: fines.proposed(order, admin), errors.NothingToFine, website)

    @pytest.mark.parametrize("role", ["client", "editor", "writer"])
    def test_not_by_others(self, website: Website, order: Order, role: str) -> None:
        refused(lambda: fines.proposed(order, accounts.membership(website, role)), Forbidden, website)


class TestIssuing:
    def test_by_itself_after_its_notice(
        self, website: Website, order: Order, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        fine = fines.proposed(order, admin)
        frozen.shift(24 * HOUR - dt.timedelta(seconds=1))
        tasks.fall_due(website)
        assert (again(fine).status, lines(fine)) == (S.PROPOSED, [])
        frozen.shift(dt.timedelta(seconds=1))
        tasks.fall_due(website)
        fine = again(fine)
        assert (fine.status, fine.issued_by_id) == (S.ISSUED, None)
        tasks.fall_due(website)
        assert lines(fine) == [("fine", -300)]
        assert drift(website) == Drift(0, 0)

    def test_keeps_it_in_an_account_of_its_own(self, website: Website, order: Order, admin: Membership) -> None:
        fine = fines.issued(order, admin)
        booked = Posting.objects.of(website).filter(transfer__reference_type="fine", transfer__reference_id=fine.pk)
        assert sorted(booked.values_list("account__kind", "amount_minor")) == [("earnings", -300), ("fines", 300)]
        assert fine.appeal_until == fine.issued_at + 30 * DAY  # type: ignore[operator]

    def test_nothing_is_left_to_keep(self, order: Order, admin: Membership) -> None:
        fines.issued(order, admin, 720)
        fine = fines.issued(order, admin, 50)
        assert (fine.status, fine.amount_minor, fine.excess_minor, lines(fine)) == (S.SETTLED, 0, 50, [])


class TestSettling:
    def test_with_the_payout_that_it_was_kept_from(
        self, website: Website, order: Order, writer: Membership, admin: Membership, second: Membership
    ) -> None:
        fine = fines.settled(order, admin)
        assert fine.status == S.SETTLED
        statement = Posting.objects.of(website).filter(account__kind="payouts").get()
        assert statement.amount_minor == 6_000 - 300

    def test_waived_after_it_comes_with_the_next(
        self, website: Website, order: Order, writer: Membership, admin: Membership, second: Membership
    ) -> None:
        fine = fines.settled(order, admin)
        actions.waive_fine(fine, by=actor(admin), reason="Sick.", amount_minor=100)
        assert (fine.status, fine.left_minor) == (S.SETTLED, 200)
        actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert lines(fine) == [("fine", -300), ("waiver", 100), ("waiver", 200)]
        fines.paid_out(admin, second)
        sums = Posting.objects.of(website).filter(account__kind="payouts").values_list("amount_minor", flat=True)
        assert sorted(sums) == [300, 5_700]

    def test_more_than_was_earned_waits(self, order: Order, writer: Membership, admin: Membership) -> None:
        fine = fines.issued(order, admin, 700)
        earning(writer, 500, order_id=77)
        with pytest.raises(NothingPayable):
            fines.paid_out(admin, accounts.membership(admin.website, "admin"))
        assert again(fine).status == S.ISSUED

    def test_waived_while_a_payout_is_prepared(
        self, website: Website, order: Order, writer: Membership, admin: Membership, second: Membership
    ) -> None:
        fine = fines.issued(order, admin)
        earning(writer, 6_000, order_id=77)
        payout = payments.prepare_payout(website, by=actor(admin))
        actions.waive_fine(fine, by=actor(admin), reason="Sick.")
        payments.pay_payout(payments.approve_payout(payout, by=actor(second)), by=actor(second))
        run_jobs()
        assert again(fine).status == S.WAIVED
        fines.paid_out(admin, second)
        sums = Posting.objects.of(website).filter(account__kind="payouts").values_list("amount_minor", flat=True)
        assert sorted(sums) == [300, 5_700]


class TestWaiving:
    @pytest.mark.parametrize("amount_minor", [0, -1, 301])
    def test_nothing_and_more_than_is_left(
        self, website: Website, order: Order, admin: Membership, amount_minor: int
    ) -> None:
        fine = fines.issued(order, admin)
        refusal = refused(
            lambda: actions.waive_fine(again(fine), by=actor(admin), reason="Sick.", amount_minor=amount_minor),
            errors.WaiverTooLarge,
            website,
        )
        assert refusal.context == {"left": "3.00"}

    def test_in_parts_until_nothing_is_left(self, order: Order, admin: Membership) -> None:
        fine = fines.issued(order, admin)
        for amount_minor, status in ((100, S.REDUCED), (100, S.REDUCED), (100, S.WAIVED)):
            actions.waive_fine(fine, by=actor(admin), reason="Sick.", amount_minor=amount_minor)
            assert fine.status == status
        assert lines(fine) == [("fine", -300), *[("waiver", 100)] * 3]

    def test_voided_after_a_part_was_waived(self, order: Order, admin: Membership) -> None:
        fine = fines.issued(order, admin)
        actions.waive_fine(fine, by=actor(admin), reason="Sick.", amount_minor=120)
        actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert lines(fine) == [("fine", -300), ("waiver", 120), ("waiver", 180)]

    def test_voided_after_it_was_waived_posts_nothing(self, order: Order, admin: Membership) -> None:
        fine = fines.issued(order, admin)
        actions.waive_fine(fine, by=actor(admin), reason="Sick.")
        actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert lines(fine) == [("fine", -300), ("waiver", 300)]

    def test_a_proposal_is_voided_without_money(self, order: Order, admin: Membership) -> None:
        fine = fines.proposed(order, admin)
        actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert (fine.status, lines(fine)) == (S.VOIDED, [])

    def test_many_at_once_each_as_alone(self, order: Order, admin: Membership) -> None:
        asked, done = fines.proposed(order, admin, 100), fines.issued(order, admin, 100)
        ids = [done.pk, 999_999, asked.pk]
        preview = actions.decide_fines(ids, "issue", by=actor(admin), reason="Yes.", mode="preview")
        assert [row.code for row in preview.results] == ["wrong_state", "not_found", None]
        assert again(asked).status == S.PROPOSED
        assert (
            actions.decide_fines(ids, "issue", by=actor(admin), reason="Yes.", mode="apply").results == preview.results
        )
        assert again(asked).status == S.ISSUED


class TestAppealing:
    def test_only_by_the_fined_writer_once_in_time(
        self, website: Website, order: Order, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        fine = fines.issued(order, admin)
        other = accounts.membership(website, "writer")
        refused(lambda: actions.appeal_fine(again(fine), by=actor(other), text="No."), errors.NotYourFine, website)
        refused(lambda: actions.appeal_fine(again(fine), by=actor(admin), text="No."), Forbidden, website)
        appeal = fines.appeal_of(fine)
        assert appeal.due_at == appeal.opened_at + 7 * DAY
        actions.reject_appeal(appeal, by=actor(accounts.membership(website, "admin")), reason="They are not.")
        refused(lambda: STEPS["appeal"](again(fine), admin), WrongState, website)
        late = fines.issued(order, admin, 100)
        frozen.shift(30 * DAY)
        refused(lambda: STEPS["appeal"](again(late), admin), errors.AppealTooLate, website)

    def test_it_is_not_collected_meanwhile(
        self, website: Website, order: Order, writer: Membership, admin: Membership, second: Membership
    ) -> None:
        fine = fines.issued(order, admin)
        earning(writer, 6_000, order_id=77)
        payout = payments.prepare_payout(website, by=actor(admin))
        fines.appeal_of(fine)
        with pytest.raises(PayoutHeld):
            payments.approve_payout(payout, by=actor(second))
        payments.cancel_payout(payout, by=actor(admin), reason="Appealed.")
        fines.paid_out(admin, second)
        assert Posting.objects.of(website).get(account__kind="payouts").amount_minor == 6_000
        assert again(fine).status == S.APPEALED

    def test_decided_by_another_than_who_issued_it(
        self, website: Website, order: Order, admin: Membership, second: Membership
    ) -> None:
        appeal = fines.appeal_of(fines.issued(order, admin))
        for act in (actions.approve_appeal, actions.reject_appeal):
            refused(lambda act=act: act(appeal, by=actor(admin), reason="So."), errors.SameIssuer, website)  # type: ignore[misc]
        assert actions.reject_appeal(appeal, by=actor(second), reason="So.").status == A.REJECTED

    @pytest.mark.parametrize("by_clock", [True, False])
    def test_where_the_clock_issued_it_by_another_than_who_proposed_it(
        self, website: Website, order: Order, admin: Membership, second: Membership, by_clock: bool,
        frozen: time_machine.Coordinates,
    ) -> None:  # fmt: skip
        fine, third = fines.proposed(order, admin), accounts.membership(website, "admin")
        if by_clock:
            frozen.shift(DAY)
        actions.issue_fine(fine, by=actor(admin).as_system() if by_clock else actor(third))
        appeal = fines.appeal_of(fine)
        judged = admin if by_clock else third
        for act in (actions.approve_appeal, actions.reject_appeal):
            refused(lambda act=act: act(appeal, by=actor(judged), reason="So."), errors.SameIssuer, website)  # type: ignore[misc]
        for who, allowed in ((admin, not by_clock), (second, True), (third, by_clock)):
            (row,) = managed_rows(actor(who), [fine.pk])
            assert row.fine.appeal is not None
            assert {one.action: one.allowed for one in row.fine.appeal.available_actions} == {
                "approve": allowed,
                "reject": allowed,
            }
        assert actions.approve_appeal(appeal, by=actor(second), reason="So.").status == A.APPROVED

    @pytest.mark.parametrize(
        ("amount_minor", "status", "left"), [(None, S.WAIVED, 0), (300, S.WAIVED, 0), (120, S.REDUCED, 180)]
    )
    def test_granted_whole_or_in_part(
        self, order: Order, admin: Membership, second: Membership, amount_minor: int | None, status: str, left: int
    ) -> None:
        fine = fines.issued(order, admin)
        appeal = fines.appeal_of(fine)
        actions.approve_appeal(appeal, by=actor(second), reason="Indeed.", amount_minor=amount_minor)
        fine = again(fine)
        assert (fine.status, fine.left_minor, appeal.waived_minor) == (status, left, 300 - left)
        assert sum(amount for _, amount in lines(fine)) == -left

    @pytest.mark.parametrize(
        ("grants", "amount_minor", "status", "left"),
        [(True, None, S.WAIVED, 0), (True, 50, S.REDUCED, 150), (False, None, S.UPHELD, 200)],
    )
    def test_of_what_was_forgiven_in_part(
        self, website: Website, order: Order, admin: Membership, second: Membership, grants: bool,
        amount_minor: int | None, status: str, left: int,
    ) -> None:  # fmt: skip
        """It is about the rest; and once, whatever becomes of it."""
        fine = in_state(S.REDUCED, order, admin, second)
        appeal = fines.appeal_of(fine)
        if grants:
            actions.approve_appeal(appeal, by=actor(second), reason="Indeed.", amount_minor=amount_minor)
        else:
            actions.reject_appeal(appeal, by=actor(second), reason="They are not.")
        fine = again(fine)
        assert (fine.status, fine.left_minor, appeal.waived_minor) == (status, left, 200 - left)
        assert sum(amount for _, amount in lines(fine)) == -left
        assert drift(website) == Drift(0, 0)
        if status != S.WAIVED:
            refusal = errors.AlreadyAppealed if status == S.REDUCED else WrongState
            refused(lambda: STEPS["appeal"](again(fine), admin), refusal, website)

    def test_dismissed_it_is_collected(self, order: Order, admin: Membership, second: Membership) -> None:
        fine = fines.issued(order, admin)
        actions.reject_appeal(fines.appeal_of(fine), by=actor(second), reason="They are not.")
        assert again(fine).status == S.UPHELD
        earning(fine.writer, 6_000, order_id=77)
        fines.paid_out(admin, second)
        assert again(fine).status == S.SETTLED

    def test_of_what_was_collected_already(self, order: Order, admin: Membership, second: Membership) -> None:
        fine = fines.settled(order, admin)
        actions.reject_appeal(fines.appeal_of(fine), by=actor(second), reason="They are not.")
        assert again(fine).status == S.SETTLED
        assert lines(fine) == [("fine", -300)]

    def test_undecided_for_a_week_it_is_waived(
        self, website: Website, order: Order, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        fine = fines.appealed(order, admin)
        frozen.shift(7 * DAY - dt.timedelta(seconds=1))
        tasks.lapse(website)
        assert again(fine).status == S.APPEALED
        frozen.shift(dt.timedelta(seconds=1))
        tasks.lapse(website)
        tasks.lapse(website)
        appeal = Appeal.objects.of(website).get()
        assert (again(fine).status, appeal.status, appeal.waived_minor) == (S.WAIVED, A.LAPSED, 300)
        assert lines(fine) == [("fine", -300), ("waiver", 300)]

    def test_voided_meanwhile_it_has_no_object(self, website: Website, order: Order, admin: Membership) -> None:
        fine = fines.appealed(order, admin)
        actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert Appeal.objects.of(website).get().status == A.CLOSED
