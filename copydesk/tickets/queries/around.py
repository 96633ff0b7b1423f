"""What stands around escalations and payment issues: people, what they are about, and from the journal what was done
with them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_decimal
from copydesk.journal.queries import verbs_seen_by
from copydesk.journal.verbs import VERBS, shown_reason
from copydesk.payments.models import ChargeStatus
from copydesk.tenancy.sql import moment, select

from ..models import EscalationStatus, Priority, Status
from .rows import PEOPLE, Member, member_from

ESCALATED = "ticket.escalate"
"""An event about the ticket, which names the escalation."""
AROUND = f"""
SELECT
    ARRAY(
        SELECT json_build_array(id, role, number, full_name, pen_name) FROM ({PEOPLE}) people
    ),
    ARRAY(
        SELECT json_build_array(id, number, title, priority, status) FROM tickets_ticket
        WHERE website_id = %(website)s AND id = ANY(%(tickets)s::bigint[])
    ),
    ARRAY(
        SELECT json_build_array(id, number) FROM orders_order
        WHERE website_id = %(website)s AND id = ANY(%(orders)s::bigint[])
    ),
    ARRAY(
        SELECT json_build_array(id, status, amount_minor, currency) FROM payments_charge
        WHERE website_id = %(website)s AND id = ANY(%(charges)s::bigint[])
    ),
    ARRAY(
        SELECT json_build_array(
            CASE WHEN e.verb = '{ESCALATED}' THEN (e.data->>'escalation_id')::bigint ELSE e.subject_id END,
            e.at, e.verb, e.after, e.role, e.member_id, e.reason
        )
        FROM unnest(%(root_types)s::text[], %(root_ids)s::bigint[]) r(type, id)
        JOIN journal_event e ON e.website_id = %(website)s AND e.root_type = r.type AND e.root_id = r.id
        WHERE e.verb = ANY(%(verbs)s)
          AND (
              e.verb = '{ESCALATED}'
              OR (e.subject_type = ANY(%(nouns)s) AND e.subject_id = ANY(%(ids)s::bigint[]))
          )
        ORDER BY e.id
    )
"""  # noqa: S608 — put together from constants


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


@dataclass(frozen=True, slots=True)
class TicketName:
    id: int
    number: int
    title: str
    priority: str
    status: Status


@dataclass(frozen=True, slots=True)
class OrderName:
    id: int
    number: int


@dataclass(frozen=True, slots=True)
class ChargeName:
    """In full at payments/{id}/."""

    id: int
    status: ChargeStatus
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Around:
    """By id; `steps` by the row's, oldest first."""

    people: dict[int | None, Member]
    tickets: dict[int | None, TicketName]
    orders: dict[int | None, OrderName]
    charges: dict[int | None, ChargeName]
    steps: dict[int, list[RecordStep]]


def around(
    actor: Actor,
    rows: Sequence[Any],
    people: Iterable[int | None],
    orders: Iterable[int | None] = (),
    charges: Iterable[int | None] = (),
) -> Around:
    """Of `rows` that have a `ticket`, and that events are about, all escalations or all payment issues; for staff. One
    query."""
    assert actor.is_staff
    roots = {row.root for row in rows}
    nouns = frozenset(row.noun for row in rows)
    ((members, tickets, of_orders, of_charges, done),) = select(
        AROUND,
        website=actor.website.pk,
        people=_known(people),
        tickets=_known(row.ticket_id for row in rows),
        orders=_known(orders),
        charges=_known(charges),
        root_types=[kind for kind, _ in roots],
        root_ids=[root_id for _, root_id in roots],
        verbs=_verbs(actor.role, nouns),
        nouns=list(nouns),
        ids=[row.pk for row in rows],
    )
    steps: dict[int, list[RecordStep]] = defaultdict(list)
    for of, *step in done:
        steps[of].append(_step(actor, *step))
    return Around(
        people={pk: member_from(actor, pk, *known) for pk, *known in members},
        tickets={row[0]: _ticket(*row) for row in tickets},
        orders={row[0]: OrderName(*row) for row in of_orders},
        charges={pk: ChargeName(pk, ChargeStatus(now), to_decimal(minor), cur) for pk, now, minor, cur in of_charges},
        steps=steps,
    )


@cache
def _verbs(role: Role, nouns: frozenset[str]) -> list[str]:
    """Of all that the actor may see a tenth: to compare each event with all of them was a third of the query."""
    seen = verbs_seen_by(role)
    return [verb for verb in seen if verb == ESCALATED or verb.partition(".")[0] in nouns]


def _known(ids: Iterable[int | None]) -> list[int]:
    return list({one for one in ids if one is not None})


def _ticket(pk: int, number: int, title: str, priority: int, status: str) -> TicketName:
    return TicketName(pk, number, title, Priority(priority).word, Status(status))


def _step(
    actor: Actor, at: str, verb: str, after: str, role: str, member_id: int | None, reason: str | None
) -> RecordStep:
    return RecordStep(
        at=moment(at),
        verb=verb,
        title=VERBS[verb].title,
        status=EscalationStatus.OPEN.value if verb == ESCALATED else after,
        role=role,
        member_id=member_id,
        reason=shown_reason(actor.role, verb, reason),
    )
