"""The moderators' queue: what waits for them, why, and what was decided before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds, moment, select
from copydesk.threads.queries import Masked, masked_list

from .. import spam
from ..models import Appeal, AppealStatus, DecisionKind, Ground, Report, Review, ReviewStatus, Target, Visibility
from ..models.review import ReviewQuerySet
from ..policies import ReviewPolicy
from ..spam import Signal

HOUR = dt.timedelta(hours=1)
TABS = {
    "all": "true",
    "pending": f"status = '{ReviewStatus.PENDING}'",
    "alerts": "spam_milli > %(alert)s",
    "flagged": f"status = '{ReviewStatus.FLAGGED}'",
    "reported": "open_reports > 0",
    "appealed": f"status = '{ReviewStatus.REJECTED}'",
}
"""Of those that wait; of the rejected, only whose appeal is open do."""
PERSON = "m.id, m.role, m.number, u.full_name"
REVIEWS = f"""
SELECT r.id, r.order_id, o.number, r.target, r.rating, r.text, r.masked::json, r.verified, r.status, r.visibility,
       r.shadowed_until, r.spam_milli, r.signals::json, r.duplicate_of_id, r.waiting_since, r.client_id, c.number,
       cu.full_name, r.writer_id, w.pen_name, r.submitted_at, r.approved_at, r.rejected_at,
       ARRAY(
           SELECT json_build_array(p.id, p.ground, p.note, p.reported_at, {PERSON}, rw.pen_name)
           FROM reviews_report p
           JOIN accounts_membership m ON m.website_id = p.website_id AND m.id = p.member_id
           JOIN accounts_user u ON u.id = m.user_id
           LEFT JOIN writers_writer rw ON rw.website_id = m.website_id AND rw.id = m.id
           WHERE p.website_id = r.website_id AND p.review_id = r.id AND p.decision_id IS NULL ORDER BY p.id
       ),
       ARRAY(
           SELECT json_build_array(d.kind, d.ground, d.reason, d.before, d.after, d.visibility, d.decided_at, d.role, {PERSON})
           FROM reviews_decision d
           LEFT JOIN accounts_membership m ON m.website_id = d.website_id AND m.id = d.by_id
           LEFT JOIN accounts_user u ON u.id = m.user_id
           WHERE d.website_id = r.website_id AND d.review_id = r.id ORDER BY d.id
       ),
       ARRAY(
           SELECT json_build_array(a.id, a.text, a.opened_at, a.status, a.against_id) FROM reviews_appeal a
           WHERE a.website_id = r.website_id AND a.review_id = r.id AND a.status = '{AppealStatus.OPEN}'
       )
FROM reviews_review r
JOIN accounts_membership c ON c.website_id = r.website_id AND c.id = r.client_id
JOIN accounts_user cu ON cu.id = c.user_id
LEFT JOIN orders_order o ON o.website_id = r.website_id AND o.id = r.order_id
LEFT JOIN writers_writer w ON w.website_id = r.website_id AND w.id = r.writer_id
WHERE r.website_id = %(website)s AND r.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608, E501 — put together from constants
"""The columns of _Review."""


@dataclass(frozen=True, slots=True)
class ReviewMember:
    """Whoever decides or reports: "Admin 2", "Client 12", a writer's pen name; with the full name, for staff."""

    id: int
    role: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class OpenReport:
    id: int
    ground: Ground
    note: str
    reporter: ReviewMember
    reported_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PastDecision:
    """`by` is null for a superadmin. `before` and `after`: what the review was; `visibility`: after it."""

    kind: DecisionKind
    by: ReviewMember | None
    role: str
    ground: Ground | None
    reason: str
    before: ReviewStatus
    after: ReviewStatus
    visibility: Visibility
    decided_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """Decided at appeals/{id}/."""

    id: int
    text: str
    opened_at: dt.datetime
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class ModeratedReview:
    """`spam_score` 0..1 comes of `signals`. `duplicate_of_id`: the first of those of nearly the same text.
    `waiting_hours`: since somebody is to look at it; null where nobody is. `history`: oldest first."""

    id: int
    order_id: int | None
    order_number: int | None
    target: Target
    rating: int
    text: str
    masked: list[Masked]
    verified: bool
    status: ReviewStatus
    visibility: Visibility
    shadowed_until: dt.datetime | None
    spam_score: float
    signals: list[Signal]
    duplicate_of_id: int | None
    client: ReviewMember
    writer: str | None
    writer_id: int | None
    submitted_at: dt.datetime
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    waiting_since: dt.datetime | None
    waiting_hours: float | None
    reports: list[OpenReport]
    appeal: OpenAppeal | None
    history: list[PastDecision]
    available_actions: list[AvailableAction]


def queue_tabs(website: Website) -> Mapping[str, Tab]:
    """Of the reviews that wait, few on every website. One query, for the policy."""
    alert = ReviewPolicy.of(website).alert_above
    return {name: Tab(holds(condition, alert=alert)) for name, condition in TABS.items()}


def reported_for(rows: ReviewQuerySet, website: Website, ground: Ground) -> ReviewQuerySet:
    """Those with an open report on that ground."""
    reports = Report.objects.of(website).filter(ground=ground, decision=None)
    return rows.filter(pk__in=reports.values("review_id"))


def moderated_rows(actor: Actor, ids: Sequence[int]) -> list[ModeratedReview]:
    """For moderators. One query: reviews, their people, reports, decisions and appeals."""
    assert actor.is_staff
    at = clock.now()
    found = select(REVIEWS, website=actor.website.pk, ids=list(ids))
    known = {row[0]: _row(actor, _Review(*row), at) for row in found}
    return [known[pk] for pk in ids]


def moderated_row(actor: Actor, review: Review) -> ModeratedReview:
    return moderated_rows(actor, [review.pk])[0]


class _Review(NamedTuple):
    """As its LIFECYCLE asks for it, and what stands around it."""

    id: int
    order_id: int | None
    order_number: int | None
    target: str
    rating: int
    text: str
    masked: dict[str, int]
    verified: bool
    status: str
    visibility: str
    shadowed_until: dt.datetime | None
    spam_milli: int
    signals: list[dict[str, Any]]
    duplicate_of_id: int | None
    waiting_since: dt.datetime | None
    client_id: int
    client_number: int
    client_name: str
    writer_id: int | None
    pen_name: str | None
    submitted_at: dt.datetime
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    reports: Sequence[Sequence[Any]]
    decisions: Sequence[Sequence[Any]]
    appeals: Sequence[Sequence[Any]]


class _Appeal(NamedTuple):
    status: str
    against_id: int | None


def _row(actor: Actor, row: _Review, at: dt.datetime) -> ModeratedReview:
    return ModeratedReview(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        target=Target(row.target),
        rating=row.rating,
        text=row.text,
        masked=masked_list(row.masked),
        verified=row.verified,
        status=ReviewStatus(row.status),
        visibility=Visibility(row.visibility),
        shadowed_until=row.shadowed_until,
        spam_score=row.spam_milli / 1000,
        signals=spam.read(row.signals),
        duplicate_of_id=row.duplicate_of_id,
        client=ReviewMember(row.client_id, "client", f"Client {row.client_number}", row.client_name),
        writer=row.pen_name,
        writer_id=row.writer_id,
        submitted_at=row.submitted_at,
        approved_at=row.approved_at,
        rejected_at=row.rejected_at,
        waiting_since=row.waiting_since,
        waiting_hours=None if row.waiting_since is None else round((at - row.waiting_since) / HOUR, 2),
        reports=[_report(*one) for one in row.reports],
        appeal=_appeal(actor, *row.appeals[0]) if row.appeals else None,
        history=[_decision(*one) for one in row.decisions],
        available_actions=Review.LIFECYCLE.available(row, actor),
    )


def _report(pk: int, ground: str, note: str, at: str, *person: Any) -> OpenReport:
    return OpenReport(pk, Ground(ground), note, member_of(*person), moment(at))


def _decision(
    kind: str, ground: str, reason: str, before: str, after: str, seen: str, at: str, role: str, *person: Any
) -> PastDecision:
    return PastDecision(
        kind=DecisionKind(kind),
        by=None if person[0] is None else member_of(*person),
        role=role,
        ground=Ground(ground) if ground else None,
        reason=reason,
        before=ReviewStatus(before),
        after=ReviewStatus(after),
        visibility=Visibility(seen),
        decided_at=moment(at),
    )


def _appeal(actor: Actor, pk: int, text: str, at: str, status: str, against_id: int | None) -> OpenAppeal:
    return OpenAppeal(pk, text, moment(at), Appeal.LIFECYCLE.available(_Appeal(status, against_id), actor))


def member_of(pk: int, role: str, number: int, full_name: str, pen_name: str | None = None) -> ReviewMember:
    return ReviewMember(pk, role, pen_name or f"{role.title()} {number}", full_name)
