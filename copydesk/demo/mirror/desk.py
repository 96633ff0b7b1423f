"""Mirrors copydesk/tickets/actions/desk.py and issues.py: what the desk keeps, and what it works on beside tickets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.journal.models import details
from copydesk.tickets.models import (
    AccountEscalation,
    CannedReply,
    Faq,
    IssueKind,
    Measure,
    PaymentIssue,
    Shift,
    SupportProfile,
)

from ..copy import Row
from ..crew import Member
from ..stage import Stage, step
from .people import suspend_writer


@step
def keep_profile(
    stage: Stage, agent: Member, *, by: Actor, capacity: int | None = None, available: bool | None = None
) -> None:
    given = details(capacity=capacity, available=available)
    if agent.profile is None:
        agent.profile = stage.make(SupportProfile, member_id=agent.id, capacity=20)
    stage.change(agent.profile, **given)
    stage.record("support_profile.change", agent.profile, by=by, data=given)


@step
def plan_shift(stage: Stage, agent: Member, starts_at: dt.datetime, ends_at: dt.datetime, *, by: Actor) -> None:
    shift = stage.send(Shift, member_id=agent.id, starts_at=starts_at, ends_at=ends_at)
    stage.record("shift.plan", shift, by=by, data=details(member_id=agent.id))


@step
def write_canned_reply(stage: Stage, *, by: Actor, title: str, body: str, category: str, active: bool = True) -> None:
    _written(stage, CannedReply, by, title=title, body=body, category=category, active=active)


@step
def write_faq(
    stage: Stage, *, by: Actor, question: str, answer: str, category: str, position: int, is_published: bool
) -> None:
    given = {"category": category, "position": position, "is_published": is_published}
    _written(stage, Faq, by, question=question, answer=answer, **given)


@step
def open_issue(
    stage: Stage,
    client: Member,
    kind: IssueKind,
    description: str,
    *,
    by: Actor,
    order_id: Row | None = None,
    charge_id: Row | None = None,
    ticket_id: Row | None = None,
) -> Row:
    about = {"order_id": order_id, "charge_id": charge_id, "ticket_id": ticket_id}
    ids = {name: each.id if each else None for name, each in about.items()}
    row = stage.make(
        PaymentIssue,
        client_id=client.id,
        kind=kind.value,
        description=description,
        **ids,
        opened_by_id=by.membership_id,
        opened_at=stage.now,
    )
    stage.desk.append(row)
    data = details(kind=kind.value, **ids)
    stage.record("payment_issue.open", row, by=by, after=row.status, data=data)
    return row


@step
def escalate_issue(stage: Stage, issue: Row, *, by: Actor, reason: str) -> None:
    stage.advance(issue, "escalate", by=by, reason=reason)


@step
def resolve_issue(stage: Stage, issue: Row, resolution: str, *, by: Actor) -> None:
    stage.advance(issue, "resolve", by=by, resolution=resolution, resolved_by_id=by.membership_id)


@step
def request_measure(
    stage: Stage,
    member: Member,
    measure: Measure,
    *,
    by: Actor,
    reason: str,
    until: dt.datetime | None = None,
    ticket_id: Row | None = None,
) -> Row:
    row = stage.make(
        AccountEscalation,
        member_id=member.id,
        measure=measure.value,
        reason=reason,
        until=until,
        ticket_id=ticket_id.id if ticket_id else None,
        requested_by_id=by.membership_id,
        requested_at=stage.now,
    )
    stage.desk.append(row)
    data = details(measure=measure.value, ticket_id=row.ticket_id)
    stage.record("account_escalation.request", row, by=by, after=row.status, reason=reason, data=data)
    return row


@step
def acknowledge_measure(stage: Stage, escalation: Row, *, by: Actor) -> None:
    stage.advance(escalation, "acknowledge", by=by)


@step
def approve_measure(stage: Stage, escalation: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(escalation, "approve", by=by, reason=reason, decided_by_id=by.membership_id)
    member = stage.member(escalation.member_id)
    if escalation.measure == Measure.SUSPEND and member.actor.role is Role.WRITER:
        until = max(escalation.until, member.writer.suspended_until or escalation.until)
        suspend_writer(stage, member.writer, by=by, until=until, reason=escalation.reason)
    elif escalation.measure != Measure.PROBATION and member.row.status == MembershipStatus.ACTIVE:
        member.row.status = MembershipStatus.SUSPENDED.value
        stage.record("member.suspend", member.row, by=by, data=details(escalation_id=escalation.id))


@step
def reject_measure(stage: Stage, escalation: Row, *, by: Actor, reason: str) -> None:
    stage.advance(escalation, "reject", by=by, reason=reason, decided_by_id=by.membership_id)


@step
def resolve_measure(stage: Stage, escalation: Row, *, by: Actor, reason: str = "") -> None:
    """Of a blacklisted client, whom nothing else bars."""
    stage.advance(escalation, "resolve", by=by, reason=reason)
    member = stage.member(escalation.member_id)
    if member.row.status != MembershipStatus.ACTIVE:
        member.row.status = MembershipStatus.ACTIVE.value
        stage.record("member.readmit", member.row, by=by, data=details(escalation_id=escalation.id))


@step
def lift_measure(stage: Stage, escalation: Row, *, by: Actor) -> None:
    """Of a probation, which barred nobody, or of a writer's suspension, which ends by the writers' own clock."""
    stage.advance(escalation, "lift", by=by)


def _written(stage: Stage, model: type[models.Model], by: Actor, **given: Any) -> None:
    row = stage.send(model, **given)
    stage.record(f"{row.noun}.write", row, by=by)
