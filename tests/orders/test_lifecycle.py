"""The full grid: status × step × who. What may be done stands here once more, from the rules and not from the code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.forms.models import model_to_dict

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Refusal
from copydesk.journal.actions import advance
from copydesk.journal.models import Event
from copydesk.orders.actions import adjustments, course, delivery, payment, placement, requests, staffing
from copydesk.orders.models import Adjustment, AdjustmentStatus, Order, Request, RequestStatus, Status
from copydesk.payments.actions import charge_wallet
from copydesk.payments.models import Purpose
from tests.factories import orders
from tests.factories.payments import filled_wallet
from tests.jobs import queued
from tests.orders.stages import Cast

DAY = dt.timedelta(days=1)
CLIENT, WRITER, EDITOR, STAFF, SYSTEM = (
    {"client"},
    {"writer"},
    {"editor"},
    {"support", "admin", "superadmin"},
    {"system"},
)
ROLE = {"owner": "client", "other_client": "client", "other_writer": "writer"}
OPEN = "unpaid available offered in_progress editing delivered revision on_hold"

# step: (from, to; = stays, ? the action says, whose role, whether the order must be the caller's own)
STEPS: dict[str, tuple[str, str, set[str], bool]] = {
    "edit_brief": ("unpaid", "=", CLIENT | STAFF, True),
    "pay": ("unpaid", "available", CLIENT | SYSTEM, True),
    "expire": ("unpaid", "cancelled", SYSTEM, False),
    "assign": ("available", "in_progress", STAFF, False),
    "offer": ("available", "offered", STAFF, False),
    "accept": ("offered", "in_progress", WRITER, True),
    "decline": ("offered", "available", WRITER, True),
    "expire_offer": ("offered", "available", SYSTEM, False),
    "take": ("available", "in_progress", WRITER, False),
    "request": ("available", "=", WRITER, False),
    "approve_request": ("available", "in_progress", STAFF, False),
    "submit": ("in_progress revision", "?", WRITER, True),
    "return": ("editing", "in_progress", EDITOR | STAFF, False),
    "pass": ("editing", "delivered", EDITOR | STAFF, False),
    "request_revision": ("delivered completed", "revision", CLIENT | STAFF, True),
    "approve": ("delivered", "completed", CLIENT | SYSTEM, True),
    "release": ("in_progress revision offered", "available", WRITER | STAFF, True),
    "reassign": ("in_progress revision", "in_progress", STAFF, False),
    "hold": ("available in_progress editing revision", "on_hold", STAFF, False),
    "resume": ("on_hold", "?", STAFF, False),
    "dispute": ("in_progress delivered revision completed", "disputed", CLIENT | WRITER | STAFF, True),
    "settle": ("disputed", "?", STAFF - {"support"} | SYSTEM, False),
    "cancel": (OPEN, "cancelled", CLIENT | STAFF, True),
    # A system accepts the adjustment that a capture has paid.
    "adjust": ("available offered in_progress revision", "=", CLIENT | STAFF | SYSTEM, True),
    "extend_deadline": ("available offered in_progress editing revision on_hold", "=", STAFF, False),
    "tip": ("delivered completed", "=", CLIENT, True),
    "archive": ("completed cancelled", "=", STAFF | SYSTEM, False),
}
STRANGERS = {"other_client", "other_writer"}
HIDDEN = {"expire", "expire_offer", "approve_request", "settle"}


def refusal_code(step: str, status: str, who: str) -> str | None:
    """Why not, by the rules: permission first, then the state, then whose order it is. None: allowed."""
    sources, _, roles, own = STEPS[step]
    if ROLE.get(who, who) not in roles:
        return "permission_denied"
    if status not in sources.split():
        return "wrong_state"
    if own and who in STRANGERS:
        return "not_yours"
    if step == "cancel" and who == "owner" and status != "unpaid":
        return "cancel_by_staff"
    if step == "release" and who == "writer" and status == "offered":
        return "not_yours"  # it declines
    return None


@pytest.fixture
def cast(client: Membership) -> Cast:
    return Cast(client)


def state(row: Any) -> tuple[dict[str, Any], int, int]:
    """All that a refused call must leave as it was: the row, the journal, the queue."""
    fresh = type(row).objects.of(row.website_id).get(pk=row.pk)
    return model_to_dict(fresh), Event.objects.of(row.website_id).count(), len(queued())


@contextmanager
def undone() -> Iterator[None]:
    class Undo(Exception):
        pass

    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def test_the_table_has_these_steps_and_no_others() -> None:
    assert set(Order.LIFECYCLE) == set(STEPS)


@pytest.mark.parametrize("status", Status.values)
def test_each_refused_cell_says_why_and_changes_nothing(cast: Cast, status: str) -> None:
    order = cast.order(Status(status))
    before = state(order)
    for who, by in cast.actors.items():
        for step in STEPS:
            expected = refusal_code(step, status, who)
            refusal = Order.LIFECYCLE.refusal(order, step, by)
            assert (refusal.code if refusal else None) == expected, (step, who)
            if refusal is None:
                continue
            assert refusal.status == (403 if expected in ("permission_denied", "not_yours") else 409)
            with pytest.raises(type(refusal)) as raised:
                advance(order, step, by=by, to="completed")
            assert raised.value.code == expected
    assert state(order) == before


@pytest.mark.parametrize("status", Status.values)
def test_available_actions_are_the_grid(cast: Cast, status: str) -> None:
    order = cast.order(Status(status))
    for who, by in cast.actors.items():
        codes = {step: refusal_code(step, status, who) for step in STEPS if step not in HIDDEN}
        shown = {action.action: action.code for action in Order.LIFECYCLE.available(order, by)}
        expected = {s: code for s, code in codes.items() if code not in ("permission_denied", "not_yours")}
        assert shown == expected, who


# The action behind each step. `available_actions` says so too: what it allows is what the action does.


def _pay(order: Order, by: Actor) -> None:
    payer = Membership.objects.of(order.website_id).get(pk=order.client_id)
    filled_wallet(payer, order.price_minor)
    charge = charge_wallet(
        by.website,
        payer_id=order.client_id,
        amount_minor=order.price_minor,
        purpose=Purpose.ORDER,
        reference=order.reference,
        key="pay",
        by=by,
    )
    payment.apply_capture(charge, by=by)


def _approve_request(order: Order, by: Actor, cast: Cast) -> None:
    request = requests.request_order(order, by=cast.actors["other_writer"])
    requests.approve_request(request, by=by)


def acts(cast: Cast) -> dict[str, Callable[[Order, Actor], object]]:
    other = cast.other_writer.pk
    later = orders.clock.now() + 20 * DAY
    return {
        "edit_brief": lambda o, by: placement.edit_brief(o, {"topic": "Another"}, by=by),
        "pay": _pay,
        "expire": lambda o, by: course.expire(o, by=by),
        "assign": lambda o, by: staffing.assign(o, other, by=by),
        "offer": lambda o, by: staffing.assign(o, other, by=by, offer=True),
        "accept": lambda o, by: staffing.accept_offer(o, by=by),
        "decline": lambda o, by: staffing.decline_offer(o, by=by),
        "expire_offer": lambda o, by: staffing.expire_offer(o, by=by),
        "take": lambda o, by: staffing.take(o, by=by),
        "request": lambda o, by: requests.request_order(o, by=by),
        "approve_request": lambda o, by: _approve_request(o, by, cast),
        "submit": lambda o, by: delivery.submit(o, by=by),
        "return": lambda o, by: delivery.return_work(o, by=by, reason="Sources"),
        "pass": lambda o, by: delivery.pass_work(o, by=by),
        "request_revision": lambda o, by: delivery.request_revision(o, by=by, reason="Longer"),
        "approve": lambda o, by: delivery.approve(o, by=by),
        "release": lambda o, by: staffing.release(o, by=by, reason="Ill"),
        "reassign": lambda o, by: staffing.reassign(o, other, by=by, reason="Ill"),
        "hold": lambda o, by: course.hold(o, by=by, reason="Silence"),
        "resume": lambda o, by: course.resume(o, by=by),
        "dispute": lambda o, by: course.dispute(o, by=by, dispute_reason="other", statement="No"),
        "settle": lambda o, by: course.settle_dispute(o, by=by),
        "cancel": lambda o, by: course.cancel(o, by=by, reason="Over"),
        "adjust": lambda o, by: adjustments.propose_adjustment(o, by=by, pages=9),
        "extend_deadline": lambda o, by: course.extend_deadline(o, by=by, reason="Ill", client_deadline=later),
        "archive": lambda o, by: course.archive(o, by=by),
    }


TARGETS = {
    ("submit", "in_progress"): "delivered",
    ("submit", "revision"): "delivered",
    ("resume", "on_hold"): "in_progress",
    ("settle", "disputed"): "delivered",
}
WAIT = {"expire": 3 * DAY, "approve": 7 * DAY, "expire_offer": dt.timedelta(hours=2)}


@pytest.mark.parametrize("status", Status.values)
def test_each_allowed_cell_is_done_by_its_action(cast: Cast, status: str, frozen: time_machine.Coordinates) -> None:
    order = cast.order(Status(status))
    begun = orders.clock.now()
    for step, act in acts(cast).items():
        for who, by in cast.actors.items():
            if refusal_code(step, status, who) is not None or (step, who) == ("adjust", "system"):
                continue
            target = STEPS[step][1]
            expected = status if target == "=" else TARGETS.get((step, status), target)
            frozen.move_to(begun + (WAIT.get(step, dt.timedelta()) if who == "system" else dt.timedelta()))
            events = Event.objects.of(order.website_id).filter(verb__in=[f"order.{step}"], member_id=by.membership_id)
            with undone():
                row = Order.objects.of(order.website_id).get(pk=order.pk)
                before = events.count()
                act(row, by)
                row.refresh_from_db()
                assert row.status == expected, (step, who)
                if step not in ("request", "adjust"):  # their events are the request's and the adjustment's
                    assert events.count() == before + 1, (step, who)
                    event = events.order_by("-id")[0]
                    assert (event.before, event.after, event.role) == (status, expected, by.role)


@pytest.mark.parametrize("status", Status.values)
def test_each_action_refuses_what_the_grid_refuses(cast: Cast, status: str) -> None:
    """Not the table alone: the function behind each step asks it, before anything is written."""
    order = cast.order(Status(status))
    before = state(order)
    for step, act in acts(cast).items():
        if step in ("pay", "approve_request"):
            continue
        for who, by in cast.actors.items():
            code = refusal_code(step, status, who)
            if code is None:
                continue
            row = Order.objects.of(order.website_id).get(pk=order.pk)
            with pytest.raises(Refusal) as raised, transaction.atomic():
                act(row, by)
            # What limits a writer is asked before the state, so that assigning may be refused for either.
            assert raised.value.code == code, (step, who)
    assert state(order) == before


REQUEST_STEPS = {
    "approve": ("approved", STAFF),
    "reject": ("rejected", STAFF),
    "withdraw": ("withdrawn", WRITER),
    "expire": ("expired", SYSTEM),
    "supersede": ("superseded", SYSTEM),
}


@pytest.mark.parametrize("status", RequestStatus.values)
def test_a_request_is_decided_once_by_whom_it_concerns(cast: Cast, status: str) -> None:
    request = requests.request_order(cast.order(Status.AVAILABLE), by=cast.actors["writer"])
    by_status = {target: (step, roles) for step, (target, roles) in REQUEST_STEPS.items()}
    if status != "requested":
        step, roles = by_status[status]
        advance(request, step, by=cast.actors[min(roles)])
    assert request.status == status
    assert set(Request.LIFECYCLE) == set(REQUEST_STEPS)
    before = state(request)
    for who, by in cast.actors.items():
        for step, (target, roles) in REQUEST_STEPS.items():
            expected = None
            if ROLE.get(who, who) not in roles:
                expected = "permission_denied"
            elif status != "requested":
                expected = "wrong_state"
            elif step == "withdraw" and who == "other_writer":
                expected = "not_yours"
            if expected is None:
                with undone():
                    assert advance(request, step, by=by).status == target
                    assert request.decided_at is not None
                request.refresh_from_db()
            else:
                with pytest.raises(Refusal) as raised:
                    advance(request, step, by=by)
                assert raised.value.code == expected, (step, who)
        hidden = {"expire", "supersede"}
        allowed = {action.action for action in Request.LIFECYCLE.available(request, by) if action.allowed}
        mine = {s for s, (_, roles) in REQUEST_STEPS.items() if ROLE.get(who, who) in roles and s not in hidden}
        assert allowed == (mine if status == "requested" and who != "other_writer" else set()), who
    assert state(request) == before


# status, who proposed: step → who may, by side. What is agreed and unpaid waits for the client, whoever proposed.
ADJUSTMENT_STEPS: dict[tuple[str, str], dict[str, set[str]]] = {
    ("proposed", "client"): {"agree": STAFF, "accept": STAFF, "decline": CLIENT | STAFF},
    ("proposed", "staff"): {"agree": CLIENT, "accept": CLIENT, "decline": CLIENT | STAFF},
    ("awaiting_payment", "client"): {"agree": set(), "accept": CLIENT, "decline": CLIENT | STAFF},
    ("awaiting_payment", "staff"): {"agree": set(), "accept": CLIENT, "decline": CLIENT | STAFF},
    ("accepted", "client"): {"agree": set(), "accept": set(), "decline": set()},
    ("declined", "client"): {"agree": set(), "accept": set(), "decline": set()},
}
ADJUSTMENT_TARGETS = {"agree": "awaiting_payment", "accept": "accepted", "decline": "declined"}


@pytest.mark.parametrize(("status", "side"), ADJUSTMENT_STEPS)
def test_an_adjustment_is_decided_by_the_other_side(cast: Cast, status: str, side: str) -> None:
    proposer = cast.actors["owner" if side == "client" else "support"]
    adjustment = adjustments.propose_adjustment(cast.order(Status.AVAILABLE), by=proposer, pages=3)
    for step in {"awaiting_payment": ["agree"], "accepted": ["agree", "accept"], "declined": ["decline"]}.get(
        status, []
    ):
        advance(adjustment, step, by=cast.actors["system"])
    assert adjustment.status == AdjustmentStatus(status)
    assert set(Adjustment.LIFECYCLE) == set(ADJUSTMENT_TARGETS)
    before = state(adjustment)
    for who, by in cast.actors.items():
        role = ROLE.get(who, who)
        for step, roles in ADJUSTMENT_STEPS[status, side].items():
            if who == "system":
                continue  # what a capture has paid for
            if role not in CLIENT | STAFF:
                expected = "permission_denied"
            elif status in ("accepted", "declined") or (status == "awaiting_payment" and step == "agree"):
                expected = "wrong_state"
            elif who == "other_client":
                expected = "not_yours"
            else:
                expected = "" if role in roles else "not_your_decision"
            refusal = Adjustment.LIFECYCLE.refusal(adjustment, step, by)
            assert (refusal.code if refusal else "") == expected, (step, who)
            if expected:
                with pytest.raises(Refusal):
                    advance(adjustment, step, by=by)
            else:
                with undone():
                    assert advance(adjustment, step, by=by).status == ADJUSTMENT_TARGETS[step]
                adjustment.refresh_from_db()
    assert state(adjustment) == before
