"""An outcome that removes the ground of a fine voids it: which, whose, and what that posts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.disputes.models import Outcome, Verdict
from copydesk.fines.actions import judge_order, waive_fine
from copydesk.fines.models import Fine
from copydesk.fines.policies import FineKind
from copydesk.orders.actions import delivery, staffing
from copydesk.orders.models import Cause, ExcusedTime, Order, Round
from copydesk.payments.models import LedgerAccount
from copydesk.payments.queries import Drift, drift
from copydesk.tenancy.models import Website
from tests.factories import disputes, fines, orders
from tests.factories.accounts import actor
from tests.jobs import run_jobs

V, To = Verdict, Outcome
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
QUALITY = {"quality", "excessive_revisions"}
LATE = {"late_submission"}
# What a verdict for the writer says that it was not guilty of.
GROUNDS: dict[str, set[str]] = {
    "quality_issue": QUALITY,
    "missed_instructions": QUALITY,
    "late_delivery": LATE,
    "wrong_file": {"wrong_files"},
    "plagiarism": {"plagiarism"},
    "conduct_issue": {"communication"},
    "payment_issue": set(),
    "other": set(),
}


def fined(order: Order, admin: Membership) -> None:
    """Once of each kind."""
    for kind in FineKind:
        fines.issued(order, admin, 10, kind=kind)


def voided(website: Website) -> set[str]:
    return set(Fine.objects.of(website).filter(status="voided").values_list("kind", flat=True))


@pytest.mark.parametrize("reason", GROUNDS)
@pytest.mark.parametrize(
    ("outcome", "verdict", "grounds", "late"),
    [
        (To.WRITER_WINS, V.WRITER, True, False),
        (To.CLIENT_WINS, V.CLIENT, False, False),
        (To.EXTEND_DEADLINE, V.WRITER, True, True),
        (To.EXTEND_DEADLINE, V.NEITHER, False, True),
        (To.EXTEND_DEADLINE, V.CLIENT, False, False),
        (To.REASSIGN, V.WRITER, True, False),
        (To.REASSIGN, V.NEITHER, False, False),
        (To.REASSIGN, V.CLIENT, False, False),
    ],
)
def test_which_lose_their_ground(
    client: Membership,
    writer: Membership,
    admin: Membership,
    website: Website,
    noon: dt.datetime,
    reason: str,
    outcome: Outcome,
    verdict: Verdict,
    grounds: bool,
    late: bool,
) -> None:
    order = orders.completed_order(client, writer)
    fined(order, admin)
    row = disputes.answer(disputes.dispute_of(order, client, reason), writer)
    later = noon + 20 * DAY if outcome is To.EXTEND_DEADLINE else None
    done = disputes.resolved(row, admin, outcome, verdict=verdict, new_deadline=later)
    expected = (GROUNDS[reason] if grounds else set()) | (LATE if late else set())
    assert voided(website) == {one.kind.value for one in done.fines_voided} == expected


def test_what_it_posts(client: Membership, writer: Membership, admin: Membership, website: Website) -> None:
    order = orders.completed_order(client, writer)
    fine = fines.issued(order, admin, 300)
    proposal = fines.proposed(order, admin, 200, kind=FineKind.EXCESSIVE_REVISIONS)
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    account = LedgerAccount.objects.of(website).get(kind="earnings", owner_id=writer.pk)
    assert account.balance_minor == 1_440 - 300
    shown = disputes.resolved(row, admin, To.WRITER_WINS, "preview")
    assert voided(website) == set()
    done = disputes.resolved(row, admin, To.WRITER_WINS)
    assert dataclasses.replace(shown, mode="apply") == done
    assert [(one.id, one.amount) for one in done.fines_voided] == [
        (fine.pk, Decimal("3.00")),
        (proposal.pk, Decimal("0.00")),
    ]
    assert {(line.account.value, line.amount) for line in done.postings} == {
        ("fines", Decimal("-3.00")),
        ("earnings", Decimal("3.00")),
    }
    assert (done.writer_pay.posted, done.writer_pay.change) == (Decimal("0.00"), Decimal("0.00"))
    account.refresh_from_db()
    assert account.balance_minor == 1_440
    assert drift(website) == Drift(0, 0)


def test_those_of_others_stay(
    client: Membership, writer: Membership, writer2: Membership, admin: Membership, website: Website
) -> None:
    """Of the writer before, of the writer's other orders; and what was waived keeps what was given back."""
    order = orders.order_in_progress(client, writer2)
    before = fines.issued(order, admin, 100)
    staffing.reassign(order, writer.pk, by=actor(admin), cause=Cause.WRITER, reason="Ill.")
    other = fines.issued(orders.completed_order(client, writer), admin, 100)
    mine = fines.issued(order, admin, 100)
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    done = disputes.resolved(row, admin, To.WRITER_WINS)
    assert [one.id for one in done.fines_voided] == [mine.pk]
    for fine in (before, other):
        fine.refresh_from_db()
        assert fine.status == "issued"


def test_what_is_left_of_them_is_given_back(
    client: Membership, writer: Membership, admin: Membership, website: Website
) -> None:
    """Also after a payout has collected it; of one that was forgiven in part, the rest; of a waived one nothing."""
    order = orders.completed_order(client, writer)
    collected = fines.settled(order, admin, 300)
    part = fines.issued(order, admin, 200, kind=FineKind.EXCESSIVE_REVISIONS)
    waive_fine(part, by=actor(admin), reason="Kind.", amount_minor=50)
    whole = fines.issued(order, admin, 100)
    waive_fine(whole, by=actor(admin), reason="Kind.")
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    shown = disputes.resolved(row, admin, To.WRITER_WINS, "preview")
    done = disputes.resolved(row, admin, To.WRITER_WINS)
    assert dataclasses.replace(shown, mode="apply") == done
    assert {one.id: one.amount for one in done.fines_voided} == {
        collected.pk: Decimal("3.00"),
        part.pk: Decimal("1.50"),
        whole.pk: Decimal("0.00"),
    }
    back = [line.amount for line in done.postings if line.account == "earnings"]
    assert sorted(back) == [Decimal("1.50"), Decimal("3.00")]
    assert drift(website) == Drift(0, 0)


@pytest.mark.parametrize(
    ("outcome", "verdict", "expected"),
    [
        (To.CLIENT_WINS, V.CLIENT, [("dropped_late", Decimal("1.44"))]),
        (To.REASSIGN, V.CLIENT, [("dropped_late", Decimal("1.44"))]),
        (To.REASSIGN, V.NEITHER, []),
        (To.EXTEND_DEADLINE, V.CLIENT, []),
        (To.WRITER_WINS, V.WRITER, []),
    ],
)
def test_a_late_round_that_it_ends_is_judged_with_it(
    client: Membership,
    writer: Membership,
    admin: Membership,
    website: Website,
    frozen: time_machine.Coordinates,
    outcome: Outcome,
    verdict: Verdict,
    expected: list[tuple[str, Decimal]],
) -> None:
    """An hour and a half late when it was disputed: a tenth of 14.40. The time in dispute is not counted."""
    order = orders.order_in_progress(client, writer)
    assert order.writer_due_at is not None
    frozen.move_to(order.writer_due_at + dt.timedelta(minutes=90))
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    frozen.shift(DAY)
    given = {"new_deadline": clock.now() + DAY} if outcome is To.EXTEND_DEADLINE else {}
    shown = disputes.resolved(row, admin, outcome, "preview", verdict=verdict, **given)
    assert not Fine.objects.of(website).exists()
    done = disputes.resolved(row, admin, outcome, verdict=verdict, **given)
    assert dataclasses.replace(shown, mode="apply") == done
    assert [(one.kind, one.amount) for one in done.fines_proposed] == expected
    run_jobs()
    fines_there = Fine.objects.of(website).values_list("kind", "status", "amount_minor")
    assert list(fines_there) == [(kind, "proposed", int(amount * 100)) for kind, amount in expected]


def test_lateness_that_is_not_the_writers_fault_is_not_charged_later(
    client: Membership, writer: Membership, admin: Membership, website: Website, frozen: time_machine.Coordinates
) -> None:
    """Thirty hours late, and the verdict is that for this nobody is to blame but the client: from now on it counts."""
    order = orders.order_in_progress(client, writer)
    assert order.writer_due_at is not None
    frozen.move_to(order.writer_due_at + 30 * HOUR)
    row = disputes.answer(disputes.dispute_of(order, client, "late_delivery"), writer)
    frozen.shift(5 * HOUR)
    disputes.resolved(row, admin, To.WRITER_WINS)
    order.refresh_from_db(from_queryset=Order.objects.of(website))
    excused = ExcusedTime.objects.of(website).order_by("pk")
    assert [(one.kind, one.until - one.since) for one in excused if one.until] == [
        ("dispute", 5 * HOUR),
        ("granted", 30 * HOUR),
    ]
    assert order.writer_due_at == clock.now()
    frozen.shift(90 * MINUTE)
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    run_jobs()
    fine = Fine.objects.of(website).get()
    assert (fine.late_minutes, fine.amount_minor) == (90, 144)


@pytest.mark.parametrize(
    ("reason", "outcome", "verdict"),
    [("quality_issue", To.WRITER_WINS, V.WRITER), ("late_delivery", To.EXTEND_DEADLINE, V.WRITER)],
)
def test_lateness_is_excused_for_nothing_else(
    client: Membership,
    writer: Membership,
    admin: Membership,
    website: Website,
    frozen: time_machine.Coordinates,
    reason: str,
    outcome: Outcome,
    verdict: Verdict,
) -> None:
    order = orders.order_in_progress(client, writer)
    assert order.writer_due_at is not None
    frozen.move_to(order.writer_due_at + 30 * HOUR)
    row = disputes.answer(disputes.dispute_of(order, client, reason), writer)
    given = {"new_deadline": clock.now() + DAY} if outcome is To.EXTEND_DEADLINE else {}
    disputes.resolved(row, admin, outcome, verdict=verdict, **given)
    assert not ExcusedTime.objects.of(website).filter(kind="granted").exists()


def test_a_new_deadline_that_is_missed_is_fined_though_the_first_was_voided(
    client: Membership, writer: Membership, admin: Membership, website: Website, frozen: time_machine.Coordinates
) -> None:
    order = fines.late_order(client, writer, 90 * MINUTE)
    frozen.move_to(Round.objects.of(website).get().submitted_at)
    run_jobs()
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    disputes.resolved(row, admin, To.EXTEND_DEADLINE, verdict=V.NEITHER, new_deadline=clock.now() + DAY)
    assert voided(website) == LATE
    frozen.shift(DAY + 30 * HOUR)
    order.refresh_from_db(from_queryset=Order.objects.of(website))
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    run_jobs()
    rows = Fine.objects.of(website).order_by("pk").values_list("kind", "status", "late_minutes", "amount_minor")
    assert list(rows) == [("late_submission", "voided", 90, 144), ("late_submission", "proposed", 1_800, 720)]


def test_what_was_late_before_a_fine_was_voided_is_not_fined_anew(
    client: Membership, writer: Membership, admin: Membership, website: Website, frozen: time_machine.Coordinates
) -> None:
    """Submitted late twice, fined once; then found not to be at fault."""
    order = fines.late_order(client, writer, 90 * MINUTE)
    frozen.move_to(Round.objects.of(website).get().submitted_at)
    run_jobs()
    frozen.shift(HOUR)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    order.refresh_from_db(from_queryset=Order.objects.of(website))
    assert order.writer_due_at is not None
    frozen.move_to(order.writer_due_at + 30 * HOUR)
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    run_jobs()
    row = disputes.answer(disputes.dispute_of(order, client, "late_delivery"), writer)
    frozen.shift(HOUR)
    done = disputes.resolved(row, admin, To.WRITER_WINS, verdict=V.WRITER)
    assert (len(done.fines_voided), done.fines_proposed) == (1, [])
    frozen.shift(HOUR)
    judge_order(order, by=actor(admin).as_system())
    assert [fine.status for fine in Fine.objects.of(website)] == ["voided"]
