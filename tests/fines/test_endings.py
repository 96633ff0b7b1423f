"""A late round is late however it ended: what is proposed for every ending, and that the simulation says the same."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.disputes.actions import withdraw_dispute
from copydesk.disputes.models import Outcome, Verdict
from copydesk.fines.models import Fine, Source
from copydesk.fines.policies import FinePolicy
from copydesk.fines.queries.simulation import simulation
from copydesk.journal.models import Event
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import Cause, Order
from copydesk.tenancy.models import Website
from tests.factories import disputes, fines, orders, writers
from tests.factories.accounts import actor
from tests.jobs import run_jobs

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
LATE, DROPPED = "late_submission", "dropped_late"


class Play:
    """One order, due in eight of ten days, and what is done with it. After each step its jobs are run."""

    def __init__(self, client: Membership, admin: Membership, pages: int) -> None:
        self.client, self.admin = client, admin
        self.writer, self.other = (writers.writer(client.website, level="standard").member for _ in range(2))
        self.order = orders.order_in_progress(client, self.writer, admin, pages=pages)
        assert self.order.writer_due_at is not None
        self.due = self.order.writer_due_at

    def at(self, when: dt.datetime, act: Callable[[Order], object]) -> None:
        with time_machine.travel(when, tick=False):
            act(Order.objects.of(self.order.website_id).get(pk=self.order.pk))
            run_jobs()

    def late(self, minutes: int, act: Callable[[Order], object]) -> None:
        self.at(self.due + minutes * MINUTE, act)

    def submit(self, order: Order) -> None:
        orders.work_file(order, self.writer)
        delivery.submit(order, by=actor(self.writer))

    def drop(self, order: Order) -> None:
        staffing.release(order, by=actor(self.writer), reason="Ill.")

    def revise(self, order: Order) -> None:
        """Due two days later, a quarter of the first round's time."""
        delivery.request_revision(order, by=actor(self.client), reason="Longer.")

    def released(self, cause: Cause) -> Callable[[Order], object]:
        return lambda order: staffing.release(order, by=actor(self.admin), cause=cause, reason="Silent.")

    def reassigned(self, cause: Cause) -> Callable[[Order], object]:
        by: Any = {"by": actor(self.admin), "reason": "Silent."}
        return lambda order: staffing.reassign(order, self.other.pk, cause=cause, **by)

    def cancelled(self, cause: Cause) -> Callable[[Order], object]:
        return lambda order: course.cancel(order, by=actor(self.admin), cause=cause, reason="Silent.")

    def excused(self, hours: int) -> Callable[[Order], object]:
        by: Any = {"by": actor(self.admin), "reason": "Files were missing."}
        return lambda order: course.extend_deadline(order, excused_hours=hours, **by)

    def fined(self, minor: int) -> Callable[[Order], object]:
        return lambda order: fines.issued(order, self.admin, minor)

    def settled(self, outcome: Outcome, verdict: Verdict, **given: Any) -> Callable[[Order], object]:
        """Disputed and decided at once: no time stands still."""

        def act(order: Order) -> None:
            row = disputes.answer(disputes.dispute_of(order, self.client), self.writer)
            disputes.resolved(row, self.admin, outcome, verdict=verdict, **given)

        return act

    def disputed_for_a_day(self, order: Order) -> None:
        row = disputes.dispute_of(order, self.client)
        with time_machine.travel(self.due + DAY, tick=False):
            withdraw_dispute(row, by=actor(self.client))

    def extended(self, verdict: Verdict) -> Callable[[Order], object]:
        """Of the lateness before it nothing is left."""
        return self.settled(Outcome.EXTEND_DEADLINE, verdict, new_deadline=self.due + 3 * DAY)


def twice(play: Play) -> None:
    play.late(5, play.submit)
    play.late(10, play.revise)
    play.late(10 + 2 * 24 * 60 + 90, play.submit)


def submitted_then_dropped(play: Play) -> None:
    play.late(24 * 60, play.submit)
    play.late(24 * 60, play.revise)
    play.late(3 * 24 * 60 + 130, play.drop)


def dropped_in_time_of_a_new_deadline(play: Play) -> None:
    play.late(90, play.extended(Verdict.NEITHER))
    play.late(150, play.drop)


def dropped_after_a_new_deadline(play: Play) -> None:
    play.late(90, play.extended(Verdict.CLIENT))
    play.late(3 * 24 * 60 + 70, play.drop)


def submitted_in_a_revision_of_a_new_deadline(play: Play) -> None:
    play.late(90, play.extended(Verdict.CLIENT))
    play.late(3 * 24 * 60 + 40, play.submit)


def after_excused_time(play: Play) -> None:
    play.at(play.due - HOUR, play.excused(5))
    play.late(5 * 60 + 65, play.drop)


def after_a_dispute(play: Play) -> None:
    play.at(play.due, play.disputed_for_a_day)
    play.late(24 * 60 + 20, play.submit)


def beside_another_fine(play: Play) -> None:
    """Of the half of the pay that may be charged it has taken all but 0.10."""
    cap = FinePolicy().cap_minor(play.order.assignments.get().pay_minor)
    play.at(play.due - HOUR, play.fined(cap - 10))
    play.late(30, play.submit)


def cancelled_when_handed_in(play: Play) -> None:
    play.at(play.due - HOUR, play.submit)
    play.late(60, play.revise)
    play.late(120, play.cancelled(Cause.WRITER))


V, To = Verdict, Outcome
# What is proposed for whoever wrote it first: the kind, and how late in minutes.
ENDINGS: dict[str, tuple[Callable[[Play], None], set[tuple[str, int]]]] = {
    "submitted in time": (lambda play: play.late(0, play.submit), set()),
    "submitted late": (lambda play: play.late(5, play.submit), {(LATE, 5)}),
    "submitted late twice": (twice, {(LATE, 5)}),
    "submitted late, its revision dropped late": (submitted_then_dropped, {(LATE, 24 * 60), (DROPPED, 130)}),
    "dropped in time": (lambda play: play.late(0, play.drop), set()),
    "dropped late": (lambda play: play.late(70, play.drop), {(DROPPED, 70)}),
    "released": (lambda play: play.late(71, play.released(Cause.WRITER)), {(DROPPED, 71)}),
    "released for the client": (lambda play: play.late(71, play.released(Cause.CLIENT)), set()),
    "reassigned": (lambda play: play.late(72, play.reassigned(Cause.WRITER)), {(DROPPED, 72)}),
    "reassigned by staff": (lambda play: play.late(72, play.reassigned(Cause.STAFF)), set()),
    "cancelled": (lambda play: play.late(73, play.cancelled(Cause.WRITER)), {(DROPPED, 73)}),
    "cancelled for the client": (lambda play: play.late(73, play.cancelled(Cause.CLIENT)), set()),
    "cancelled while it is revised": (cancelled_when_handed_in, set()),
    "settled: refunded": (lambda play: play.late(74, play.settled(To.CLIENT_WINS, V.CLIENT)), {(DROPPED, 74)}),
    "settled: a new writer": (lambda play: play.late(75, play.settled(To.REASSIGN, V.CLIENT)), {(DROPPED, 75)}),
    "settled: nobody's fault": (lambda play: play.late(75, play.settled(To.REASSIGN, V.NEITHER)), set()),
    "settled: for the writer": (lambda play: play.late(76, play.settled(To.WRITER_WINS, V.WRITER)), set()),
    "a new deadline, dropped before it": (dropped_in_time_of_a_new_deadline, set()),
    "a new deadline, dropped after it": (dropped_after_a_new_deadline, {(DROPPED, 70)}),
    "a new deadline, submitted after it": (submitted_in_a_revision_of_a_new_deadline, {(LATE, 40)}),
    "excused for hours": (after_excused_time, {(DROPPED, 65)}),
    "disputed for a day": (after_a_dispute, {(LATE, 20)}),
    "beside another fine": (beside_another_fine, {(LATE, 30)}),
}


@pytest.fixture
def automatic(website: Website) -> Callable[..., list[Fine]]:
    return lambda **of: list(Fine.objects.of(website).filter(source=Source.AUTOMATIC, **of).order_by("id"))


def test_every_ending_and_the_simulation(
    website: Website,
    client: Membership,
    admin: Membership,
    automatic: Callable[..., list[Fine]],
    frozen: time_machine.Coordinates,
) -> None:
    for pages, (ending, (act, wanted)) in enumerate(ENDINGS.items(), start=1):
        play = Play(client, admin, pages)
        act(play)
        rows = automatic(order=play.order)
        assert {(row.kind, row.late_minutes) for row in rows} == wanted, ending
        assert {row.writer_id for row in rows} <= {play.writer.pk}, ending
    rows = automatic()
    assert {row.amount_minor for row in rows if row.excess_minor} == {0, 10}
    frozen.shift(20 * DAY)
    found = simulation(actor(admin), FinePolicy(cap_bps=0))
    by_share: dict[int, list[Fine]] = defaultdict(list)
    for row in rows:
        assert row.share_bps is not None
        by_share[row.share_bps].append(row)
    assert {(band.share, band.fines, band.amount) for band in found.in_force.bands if band.fines} == {
        (share / 10_000, len(of_band), money(sum(row.amount_minor for row in of_band)))
        for share, of_band in by_share.items()
    }
    assert found.in_force.excess == money(sum(row.excess_minor for row in rows))
    assert found.in_force.writers == len({row.writer_id for row in rows})
    assert (found.actual.fines, found.actual.amount) == (found.in_force.fines, found.in_force.amount)
    assert (found.draft.fines, found.draft.amount) == (len(rows), 0)
    assert Event.objects.of(website).filter(verb="fine.propose", data__source="automatic").count() == len(rows)


def test_once_an_order_and_kind_whenever_that_was(
    client: Membership, admin: Membership, automatic: Callable[..., list[Fine]], frozen: time_machine.Coordinates
) -> None:
    """The first was before the 90 days: the second is none, neither then nor in the simulation."""
    play = Play(client, admin, 2)
    play.late(5, play.submit)
    (fine,) = automatic()
    play.late(10, play.revise)
    play.late(60 * 24 * 60, play.submit)
    assert automatic() == [fine]
    frozen.move_to(play.due + 95 * DAY)
    assert simulation(actor(admin), FinePolicy()).in_force.fines == 0


def money(minor: int) -> Decimal:
    return Decimal(minor) / 100
