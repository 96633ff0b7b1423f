"""Fines and appeals as their writer and staff see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.tenancy.sql import moment, select

from ..models import Appeal, AppealStatus, Fine, FineStatus, Source
from ..policies import FineKind

HOUR = dt.timedelta(hours=1)
FINES = """
SELECT f.id, f.status, f.kind, f.source, f.reason, f.writer_id, f.amount_minor, f.excess_minor, f.waived_minor,
       f.currency, f.pay_minor, f.share_bps, f.late_minutes, f.policy_version, f.proposed_at, f.issue_at, f.issued_at,
       f.proposed_by_id, f.issued_by_id, f.appeal_until, f.appealed_at, f.settled_at, f.waived_at, f.voided_at,
       f.order_id, o.number, o.topic, w.number, wu.full_name, p.pen_name, pu.full_name, iu.full_name,
       CASE WHEN a.id IS NOT NULL THEN json_build_array(
           a.id, a.status, a.text, a.answer, a.waived_minor, a.opened_at, a.due_at, a.decided_at, au.full_name
       ) END
FROM fines_fine f
JOIN accounts_membership w ON w.website_id = f.website_id AND w.id = f.writer_id
JOIN accounts_user wu ON wu.id = w.user_id
LEFT JOIN writers_writer p ON p.website_id = f.website_id AND p.id = f.writer_id
LEFT JOIN orders_order o ON o.website_id = f.website_id AND o.id = f.order_id
LEFT JOIN accounts_user pu ON pu.id = f.proposed_by_id
LEFT JOIN accounts_user iu ON iu.id = f.issued_by_id
LEFT JOIN fines_appeal a ON a.website_id = f.website_id AND a.fine_id = f.id
LEFT JOIN accounts_user au ON au.id = a.decided_by_id
WHERE f.website_id = %(website)s AND f.id = ANY(%(ids)s::bigint[])
"""
"""The columns of _Fine."""


@dataclass(frozen=True, slots=True)
class FineAppeal:
    """`waived`: what was forgiven by it; undecided at `due_at` it is granted. `decided_by` is for staff to see."""

    id: int
    fine_id: int
    status: AppealStatus
    text: str
    answer: str
    waived: Decimal
    opened_at: dt.datetime
    due_at: dt.datetime
    decided_at: dt.datetime | None
    decided_by: str | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class FineRow:
    """`amount` is charged, `excess` was cut off by the cap, `waived` of the amount is forgiven, `left` is what is kept.
    `share` (0..1) of the `pay` for the order where it was worked out so; `late_minutes` where it is for lateness. It is
    issued by itself at `issue_at`, and may be appealed until `appeal_until`."""

    id: int
    kind: FineKind
    source: Source
    status: FineStatus
    reason: str
    order_id: int | None
    order_number: int | None
    order_topic: str | None
    writer_id: int
    writer: str
    amount: Decimal
    excess: Decimal
    waived: Decimal
    left: Decimal
    currency: str
    pay: Decimal | None
    share: float | None
    late_minutes: int | None
    proposed_at: dt.datetime
    issue_at: dt.datetime
    issued_at: dt.datetime | None
    appeal_until: dt.datetime | None
    settled_at: dt.datetime | None
    waived_at: dt.datetime | None
    voided_at: dt.datetime | None
    appeal: FineAppeal | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class ManagedFine:
    """For who decides. `proposed_by` and `issued_by` are names, null where the clock did or nobody has. `hours_left`:
    until it is issued by itself, or its appeal is granted by itself; null where nothing waits."""

    fine: FineRow
    writer_name: str
    policy_version: int
    proposed_by: str | None
    issued_by: str | None
    hours_left: float | None


def fine_rows(actor: Actor, ids: Sequence[int]) -> list[FineRow]:
    """One query: fines, their orders, writers and appeals."""
    return [row.fine for row in managed_rows(actor, ids)]


def fine_row(actor: Actor, fine: Fine) -> FineRow:
    return fine_rows(actor, [fine.pk])[0]


def managed_rows(actor: Actor, ids: Sequence[int]) -> list[ManagedFine]:
    """One query, as fine_rows."""
    now, found = clock.now(), select(FINES, website=actor.website.pk, ids=list(ids))
    known = {row[0]: _managed(actor, _Fine(*row), now) for row in found}
    return [known[pk] for pk in ids]


def appealed_rows(actor: Actor, ids: Sequence[int]) -> list[ManagedFine]:
    """By the ids of appeals. Two queries."""
    fines = dict(Appeal.objects.of(actor.website).filter(pk__in=ids).values_list("pk", "fine_id"))
    return managed_rows(actor, [fines[pk] for pk in ids])


class _Fine(NamedTuple):
    """As its LIFECYCLE asks for it, and what stands around it."""

    id: int
    status: str
    kind: str
    source: str
    reason: str
    writer_id: int
    amount_minor: int
    excess_minor: int
    waived_minor: int
    currency: str
    pay_minor: int | None
    share_bps: int | None
    late_minutes: int | None
    policy_version: int
    proposed_at: dt.datetime
    issue_at: dt.datetime
    issued_at: dt.datetime | None
    proposed_by_id: int | None
    issued_by_id: int | None
    appeal_until: dt.datetime | None
    appealed_at: dt.datetime | None
    settled_at: dt.datetime | None
    waived_at: dt.datetime | None
    voided_at: dt.datetime | None
    order_id: int | None
    order_number: int | None
    order_topic: str | None
    writer_number: int
    writer_name: str
    pen_name: str | None
    proposed_by: str | None
    issued_by: str | None
    appeal: Sequence[Any] | None


class _Appeal(NamedTuple):
    status: str
    fine: _Fine


def _managed(actor: Actor, row: _Fine, now: dt.datetime) -> ManagedFine:
    fine = _row(actor, row)
    waits = fine.appeal.due_at if fine.appeal and fine.appeal.status == AppealStatus.OPEN else None
    until = row.issue_at if row.status == FineStatus.PROPOSED else waits
    return ManagedFine(
        fine=fine,
        writer_name=row.writer_name,
        policy_version=row.policy_version,
        proposed_by=row.proposed_by,
        issued_by=row.issued_by,
        hours_left=None if until is None else round((until - now) / HOUR, 2),
    )


def _row(actor: Actor, row: _Fine) -> FineRow:
    return FineRow(
        id=row.id,
        kind=FineKind(row.kind),
        source=Source(row.source),
        status=FineStatus(row.status),
        reason=row.reason,
        order_id=row.order_id,
        order_number=row.order_number,
        order_topic=row.order_topic,
        writer_id=row.writer_id,
        writer=row.pen_name or f"Writer {row.writer_number}",
        amount=to_decimal(row.amount_minor),
        excess=to_decimal(row.excess_minor),
        waived=to_decimal(row.waived_minor),
        left=to_decimal(row.amount_minor - row.waived_minor),
        currency=row.currency,
        pay=None if row.pay_minor is None else to_decimal(row.pay_minor),
        share=None if row.share_bps is None else row.share_bps / 10_000,
        late_minutes=row.late_minutes,
        proposed_at=row.proposed_at,
        issue_at=row.issue_at,
        issued_at=row.issued_at,
        appeal_until=row.appeal_until,
        settled_at=row.settled_at,
        waived_at=row.waived_at,
        voided_at=row.voided_at,
        appeal=None if row.appeal is None else _appeal(actor, row, *row.appeal),
        available_actions=Fine.LIFECYCLE.available(row, actor),
    )


def _appeal(
    actor: Actor,
    fine: _Fine,
    pk: int,
    status: str,
    text: str,
    answer: str,
    waived_minor: int,
    opened_at: str,
    due_at: str,
    decided_at: str | None,
    decided_by: str | None,
) -> FineAppeal:
    return FineAppeal(
        id=pk,
        fine_id=fine.id,
        status=AppealStatus(status),
        text=text,
        answer=answer,
        waived=to_decimal(waived_minor),
        opened_at=moment(opened_at),
        due_at=moment(due_at),
        decided_at=moment(decided_at),
        decided_by=decided_by if actor.is_staff else None,
        available_actions=Appeal.LIFECYCLE.available(_Appeal(status, fine), actor),
    )
