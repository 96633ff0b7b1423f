"""Disputes as each side and staff see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.orders.models import DisputeReason, Status
from copydesk.tenancy.sql import moment, select
from copydesk.threads.queries import Masked, masked_list

from ..models import (
    OUTCOMES,
    TURNS,
    Dispute,
    DisputeStatus,
    Ending,
    OnSilence,
    Outcome,
    Party,
    Remedy,
    Verdict,
    side_of,
)
from ..policies import DisputePolicy
from .stages import DeclaredStage, declared_stages

HOUR = dt.timedelta(hours=1)
UNTOLD = (Role.CLIENT, Role.SUPPORT)
"""What a writer is paid is no business of theirs."""
COLUMNS = """
       d.id, d.order_id, o.number, o.topic, d.order_from, d.reason, d.status, d.opener, d.client_id, c.number,
       d.writer_id, w.pen_name, d.due_at, d.on_silence, d.reminders, d.verdict, d.remedy, d.refund_minor,
       d.pay_change_minor, d.new_deadline, d.note, d.opened_at, d.closed_at,
       (SELECT count(*) FROM disputes_statement s WHERE s.website_id = d.website_id AND s.dispute_id = d.id)
"""
"""Of _Dispute."""
JOINS = """
FROM disputes_dispute d
JOIN orders_order o ON o.website_id = d.website_id AND o.id = d.order_id
JOIN accounts_membership c ON c.website_id = d.website_id AND c.id = d.client_id
JOIN writers_writer w ON w.website_id = d.website_id AND w.id = d.writer_id
"""
CHOSEN = "WHERE d.website_id = %(website)s AND d.id = ANY(%(ids)s::bigint[])"
ROWS = f"SELECT {COLUMNS} {JOINS} {CHOSEN}"
DETAIL = f"""
SELECT {COLUMNS},
       ARRAY(
           SELECT json_build_array(
               s.id, s.number, s.side, s.author_id, s.text, s.masked, s.stage, s.stated_at, s.sha256,
               ARRAY(
                   SELECT json_build_array(e.id, f.name, f.content_type, f.size, f.sha256)
                   FROM disputes_evidence e JOIN files_file f ON f.website_id = e.website_id AND f.id = e.file_id
                   WHERE e.website_id = s.website_id AND e.statement_id = s.id ORDER BY e.id
               )
           )
           FROM disputes_statement s WHERE s.website_id = d.website_id AND s.dispute_id = d.id ORDER BY s.number
       ),
       ARRAY(
           SELECT json_build_array(g.status, g.since, g.due_at, g.until, g.ended_by)
           FROM disputes_stage g WHERE g.website_id = d.website_id AND g.dispute_id = d.id ORDER BY g.id
       ),
       d.policy_version
{JOINS} {CHOSEN}
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """`order_from` is where the order stood. `waiting_on`: whose turn it is, null once it is closed; `your_turn`: the
    caller's. `due_at`, `hours_left` (below zero: past it) and `on_silence` are of that turn. `outcome`, `verdict` and
    `remedy` are null unless it is resolved. `refund_amount` is null to the writer, `pay_change` to client and
    support."""

    id: int
    order_id: int
    order_number: int
    order_topic: str
    order_from: Status
    reason: DisputeReason
    status: DisputeStatus
    opener: Party
    client: str
    client_id: int
    writer: str
    writer_id: int
    waiting_on: Party | None
    your_turn: bool
    due_at: dt.datetime | None
    hours_left: float | None
    on_silence: OnSilence | None
    reminders: int
    statements: int
    outcome: Outcome | None
    verdict: Verdict | None
    remedy: Remedy | None
    refund_amount: Decimal | None
    pay_change: Decimal | None
    currency: str
    new_deadline: dt.datetime | None
    note: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """Content: orders/disputes/files/{id}/download/."""

    id: int
    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DisputeStatementRow:
    """`author`: a client by number, a writer by pen name, staff as the desk. `stage`: what the dispute was when it was
    made. `sha256` is of a JSON array without spaces, in UTF-8: the dispute's id, `number`, `side`, `text`, `stated_at`
    in UTC (ISO 8601 with microseconds, +00:00), and [name, sha256] of each file."""

    id: int
    number: int
    side: Party
    author: str
    is_own: bool
    text: str
    masked: list[Masked]
    stage: DisputeStatus
    stated_at: dt.datetime
    sha256: str
    files: list[EvidenceRow]


@dataclass(frozen=True, slots=True)
class StageRow:
    """`due_at` as it was told first; `until` and `ended_by` are null while it lasts."""

    status: DisputeStatus
    turn: Party
    since: dt.datetime
    due_at: dt.datetime
    until: dt.datetime | None
    ended_by: Ending | None


@dataclass(frozen=True, slots=True)
class DisputeDetail:
    """`declared`: what was told when it was opened, of each stage that it can come to. `history`: those it has been
    in. `said`: all statements, oldest first."""

    dispute: DisputeRow
    declared: list[DeclaredStage]
    history: list[StageRow]
    said: list[DisputeStatementRow]


def dispute_rows(actor: Actor, ids: Sequence[int]) -> list[DisputeRow]:
    """Of disputes in the actor's sight. One query."""
    now = clock.now()
    found = {row[0]: dispute_row(actor, row, now) for row in select(ROWS, website=actor.website.pk, ids=list(ids))}
    return [found[pk] for pk in ids]


def dispute_detail(actor: Actor, dispute: Dispute) -> DisputeDetail:
    """Two queries: it with all that was said, and the policy that it goes by."""
    ((*row, said, history, policy_version),) = select(DETAIL, website=actor.website.pk, ids=[dispute.pk])
    found = dispute_row(actor, row, clock.now())
    policy = DisputePolicy.of(actor.website, policy_version)
    return DisputeDetail(
        dispute=found,
        declared=declared_stages(policy, found.opener),
        history=[_stage(*one) for one in history],
        said=[_statement(actor, found, *one) for one in said],
    )


def dispute_row(actor: Actor, columns: Sequence[Any], now: dt.datetime) -> DisputeRow:
    row = _Dispute(*columns)
    waiting_on = TURNS.get(DisputeStatus(row.status))
    remedy = Remedy(row.remedy) if row.remedy else None
    resolved = remedy is not None
    return DisputeRow(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        order_topic=row.order_topic,
        order_from=Status(row.order_from),
        reason=DisputeReason(row.reason),
        status=DisputeStatus(row.status),
        opener=Party(row.opener),
        client=f"Client {row.client_number}",
        client_id=row.client_id,
        writer=row.pen_name,
        writer_id=row.writer_id,
        waiting_on=waiting_on,
        your_turn=waiting_on == side_of(actor),
        due_at=row.due_at,
        hours_left=None if row.due_at is None else round((row.due_at - now) / HOUR, 2),
        on_silence=OnSilence(row.on_silence) if row.on_silence else None,
        reminders=row.reminders,
        statements=row.statements,
        outcome=OUTCOMES[remedy] if remedy else None,
        verdict=Verdict(row.verdict) if row.verdict else None,
        remedy=remedy,
        refund_amount=to_decimal(row.refund_minor) if resolved and actor.role is not Role.WRITER else None,
        pay_change=None if not resolved or actor.role in UNTOLD else to_decimal(row.pay_change_minor),
        currency=actor.website.currency,
        new_deadline=row.new_deadline,
        note=row.note,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        available_actions=Dispute.LIFECYCLE.available(row, actor),
    )


class _Dispute(NamedTuple):
    """As its LIFECYCLE asks for it, and what stands around it."""

    id: int
    order_id: int
    order_number: int
    order_topic: str
    order_from: str
    reason: str
    status: str
    opener: str
    client_id: int
    client_number: int
    writer_id: int
    pen_name: str
    due_at: dt.datetime | None
    on_silence: str
    reminders: int
    verdict: str
    remedy: str
    refund_minor: int
    pay_change_minor: int
    new_deadline: dt.datetime | None
    note: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    statements: int


def _stage(status: str, since: str, due_at: str, until: str | None, ended_by: str) -> StageRow:
    return StageRow(
        status=DisputeStatus(status),
        turn=TURNS[DisputeStatus(status)],
        since=moment(since),
        due_at=moment(due_at),
        until=moment(until),
        ended_by=Ending(ended_by) if ended_by else None,
    )


def _statement(
    actor: Actor,
    dispute: DisputeRow,
    pk: int,
    number: int,
    side: str,
    author_id: int | None,
    text: str,
    masked: dict[str, int],
    stage: str,
    at: str,
    sha256: str,
    files: Sequence[Sequence[Any]],
) -> DisputeStatementRow:
    authors = {Party.CLIENT: dispute.client, Party.WRITER: dispute.writer, Party.STAFF: "Support"}
    return DisputeStatementRow(
        id=pk,
        number=number,
        side=Party(side),
        author=authors[Party(side)],
        is_own=author_id is not None and author_id == actor.membership_id,
        text=text,
        masked=masked_list(masked),
        stage=DisputeStatus(stage),
        stated_at=moment(at),
        sha256=sha256,
        files=[EvidenceRow(*file) for file in files],
    )
