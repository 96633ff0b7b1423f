"""A writer's work as rows: for what does not care how it came about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.models import Assignment, Order, Round, RoundKind, Status
from copydesk.tenancy.scope import website_scope

from .requests import order

OPEN_ROUND = (Status.IN_PROGRESS, Status.REVISION)


def written(
    client: Membership,
    writer: Membership,
    due_at: dt.datetime | None,
    *,
    status: str = Status.IN_PROGRESS,
    kind: str = RoundKind.FIRST,
    has_open_round: bool | None = None,
    **values: Any,
) -> Order:
    """An order of 5 pages that `writer` has, with an assignment, and with an open round where somebody is writing."""
    row = order(client, writer=writer, status=status, writer_due_at=due_at, **values)
    if status in OPEN_ROUND if has_open_round is None else has_open_round:
        assert due_at is not None
        add_round(row, writer, kind=kind, due_at=due_at)
    return row


def add_round(of: Order, writer: Membership, **values: Any) -> Round:
    """The first of a new assignment, asked for a day ago and due in a day; open unless told otherwise."""
    now = clock.now()
    with website_scope(of.website_id):
        assignment = Assignment.objects.of(of.website_id).create(
            order=of,
            writer=writer,
            pay_minor=1_000,
            tip_share_bps=10_000,
            policy_version=0,
            started_at=now - dt.timedelta(days=60),
            **ended(values.pop("ended_at", None)),
        )
        return Round.objects.of(of.website_id).create(
            **{
                "order": of,
                "assignment": assignment,
                "number": Round.objects.of(of.website_id).filter(order=of).count() + 1,
                "kind": RoundKind.FIRST,
                "asked_at": now - dt.timedelta(days=1),
                "due_at": now + dt.timedelta(days=1),
                **values,
            }
        )


def ended(at: dt.datetime | None) -> dict[str, Any]:
    return {"ended_at": at, "outcome": "completed"} if at else {}
