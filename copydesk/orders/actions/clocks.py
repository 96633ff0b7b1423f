"""The writer's clock: what moves its due time, and what is excused. Each excuse points to its event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.core import clock
from copydesk.journal.actions import change
from copydesk.journal.models import Event

from ..models import ExcusedTime, ExcuseKind, Order, Round, RoundKind
from ..policies import OrderPolicy
from ..queries import deadlines
from .staffing import current_round


def move_client_deadline(order: Order, deadline: dt.datetime) -> dict[str, Any]:
    """Changes of the order for a new client's deadline, after its event is recorded.

    A later one gives the writer its share of the new time. An earlier one moves the due time, but what the writer loses
    is excused, because it was not asked: no lateness is charged for it. What it loses is counted from the latest due
    time that it was given, however often the deadline moves.
    """
    changes: dict[str, Any] = {"client_deadline": deadline}
    current = current_round(order)
    if current is None or current.kind != RoundKind.FIRST:
        return changes
    due = deadlines.writer_due(OrderPolicy.of(order.website_id), current.asked_at, deadline)
    given, excused = current.due_at, current.excused
    shortened = ExcusedTime.objects.of(order.website_id).filter(round=current, kind=ExcuseKind.SHORTENED).first()
    if shortened is not None:
        assert shortened.until is not None
        given, excused = shortened.until, excused - (shortened.until - shortened.since)
        shortened.delete()
    if due < given:
        _excuse(order, current, ExcuseKind.SHORTENED, due, given)
        excused += given - due
    change(current, due_at=due, excused=excused)
    return changes | {"writer_due_at": current.due_with_excuse}


def grant_time(order: Order, granted: dt.timedelta) -> dict[str, Any]:
    """Changes of the order when staff excuse the writer for a time that begins now."""
    current = current_round(order)
    assert current is not None
    now = clock.now()
    _excuse(order, current, ExcuseKind.GRANTED, now, now + granted)
    change(current, excused=current.excused + granted)
    return {"writer_due_at": current.due_with_excuse}


def excuse_lateness(order: Order) -> None:
    """What a locked order is late by now is not its writer's fault: it is due now."""
    current, now = current_round(order), clock.now()
    if current is not None and now > current.due_with_excuse:
        _excuse(order, current, ExcuseKind.GRANTED, current.due_with_excuse, now)
        change(current, excused=now - current.due_at)
        change(order, writer_due_at=now)


def begin_excuse(order: Order, kind: ExcuseKind) -> None:
    """The clock stops, where somebody is writing."""
    if current := current_round(order):
        _excuse(order, current, kind, clock.now(), None)


def end_excuse(order: Order) -> dt.timedelta:
    """Closes the open interval and adds it to its round; how long it was."""
    row = ExcusedTime.objects.of(order.website_id).filter(round__order=order, until=None).first()
    if row is None:
        return dt.timedelta()
    row.until = clock.now()
    row.save(update_fields=["until"])
    excused = row.until - row.since
    current = Round.objects.of(order.website_id).get(pk=row.round_id)
    change(current, excused=current.excused + excused)
    return excused


def _excuse(order: Order, current: Round, kind: ExcuseKind, since: dt.datetime, until: dt.datetime | None) -> None:
    event = Event.objects.of(order.website_id).about(Order.noun, order.pk).order_by("-id")[0]
    ExcusedTime.objects.of(order.website_id).create(
        round=current, kind=kind, event_id=event.pk, since=since, until=until
    )
