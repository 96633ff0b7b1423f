"""What was done with escalations and payment issues: their history, from the journal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.journal.models import Event, Subject
from copydesk.journal.queries import visible_events
from copydesk.journal.verbs import VERBS, shown_reason

from ..models import Escalation, EscalationStatus

ESCALATED = "ticket.escalate"
"""An event about the ticket, which names the escalation."""


@dataclass(frozen=True, slots=True)
class RecordStep:
    """`status` is where the step led to. `role` and `member_id` are of whoever took it; a superadmin and the clock are
    no members."""

    at: dt.datetime
    verb: str
    title: str
    status: str
    role: str
    member_id: int | None
    reason: str | None


def steps_of(actor: Actor, rows: Sequence[Any]) -> dict[int, list[RecordStep]]:
    """By id, oldest first, of rows that events are about, all escalations or all payment issues. One query."""
    found: dict[int, list[RecordStep]] = defaultdict(list)
    if not rows:
        return found
    nouns = sorted({row.noun for row in rows})
    about = reduce(or_, [_about([row for row in rows if row.noun == noun]) for noun in nouns])
    for event in visible_events(actor).filter(about).order_by("id"):
        raised = event.verb == ESCALATED
        found[event.data["escalation_id"] if raised else event.subject_id].append(_step(actor, event, raised=raised))
    return found


def _about(rows: Sequence[Subject]) -> Q:
    """Of rows of one noun, by way of their roots, which have an index."""
    noun, roots = rows[0].noun, [row.root for row in rows]
    own = Q(subject_type=noun, subject_id__in=[row.pk for row in rows])
    if noun == Escalation.noun:
        own |= Q(verb=ESCALATED)
    return Q(root_type=roots[0][0], root_id__in=[root_id for _, root_id in roots]) & own


def _step(actor: Actor, event: Event, *, raised: bool) -> RecordStep:
    return RecordStep(
        at=event.at,
        verb=event.verb,
        title=VERBS[event.verb].title,
        status=EscalationStatus.OPEN.value if raised else event.after,
        role=event.role,
        member_id=event.member_id,
        reason=shown_reason(actor.role, event.verb, event.reason),
    )
