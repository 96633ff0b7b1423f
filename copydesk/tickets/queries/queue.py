"""The tickets that wait for the desk: the tabs of its queue, and what stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.sql import holds, select, words

from ..models import EscalationStatus, Status
from ..models.accounts import UNDECIDED
from ..models.issues import UNRESOLVED
from ..models.ticket import ASSIGNED_TO, AT_RISK, IS_ACTIVE, OVERDUE, UNASSIGNED, URGENT
from .figures import IN_ORDER, TicketStatusCount

LIST_TABS = ("all", "active", "recent")
SHOWN = 5
QUEUE_TABS = ("unassigned", "mine", "high_priority", "overdue", "at_risk")

WAITING = {
    "unassigned": UNASSIGNED,
    "mine": ASSIGNED_TO,
    "high_priority": URGENT,
    "overdue": OVERDUE,
    "at_risk": AT_RISK,
}
STANDING = f"""
SELECT {", ".join(f"count(*) FILTER (WHERE status = '{status}')" for status in IN_ORDER)},
       {", ".join(f"count(*) FILTER (WHERE {condition})" for condition in WAITING.values())},
       (
           SELECT count(*) FROM tickets_ticket
           WHERE website_id = %(website)s AND status = '{Status.RESOLVED}' AND close_at IS NOT NULL
       ),
       (SELECT last_ticket_number FROM tenancy_website WHERE id = %(website)s),
       (
           SELECT count(*) FROM tickets_escalation
           WHERE website_id = %(website)s AND status <> '{EscalationStatus.RESOLVED}'
       ),
       (
           SELECT count(*) FROM tickets_accountescalation
           WHERE website_id = %(website)s AND status IN ({words(UNDECIDED)})
       ),
       (SELECT count(*) FROM tickets_paymentissue WHERE website_id = %(website)s AND status IN ({words(UNRESOLVED)})),
       ARRAY(SELECT id FROM tickets_ticket WHERE website_id = %(website)s ORDER BY id DESC LIMIT {SHOWN}),
       ARRAY(
           SELECT id FROM tickets_ticket WHERE website_id = %(website)s AND {IS_ACTIVE} AND due_at IS NOT NULL
           ORDER BY due_at, id LIMIT {SHOWN}
       )
FROM tickets_ticket WHERE website_id = %(website)s AND {IS_ACTIVE}
"""  # noqa: S608 — put together from constants
"""The columns of Standing. A resolved ticket that is not closed yet has the time when it closes by itself."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Now: active tickets by status; those of queue_tabs; others. `ever`: as many as were opened at all. `escalations`
    are not resolved, `measures` not decided, `payment_issues` not resolved. `newest` ids of any status; `due_first`: of
    active ones whose clocks run."""

    new: int
    open: int
    awaiting_client: int
    unassigned: int
    mine: int
    high_priority: int
    overdue: int
    at_risk: int
    resolved: int
    ever: int
    escalations: int
    measures: int
    payment_issues: int
    newest: list[int]
    due_first: list[int]

    @property
    def by_status(self) -> list[TicketStatusCount]:
        """What is closed need not be counted again each time."""
        closed = self.ever - self.new - self.open - self.awaiting_client - self.resolved
        return [TicketStatusCount(one, closed if one == Status.CLOSED else getattr(self, one)) for one in Status]


def list_tabs() -> Mapping[str, Tab]:
    """Of the tickets that the actor sees: word → what narrows them. `recent`: those that are over."""
    return {
        "all": Tab(apart=True),
        "active": Tab(holds(IS_ACTIVE), apart=True),
        "recent": Tab(holds(f"NOT {IS_ACTIVE}"), apart=True),
    }


def queue_tabs(actor: Actor) -> Mapping[str, Tab]:
    """As list_tabs, of those that are active and wait for somebody; to be counted among the active ones."""
    values = {"at": clock.now(), "member": actor.membership_id}
    return {name: Tab(holds(f"{IS_ACTIVE} AND {condition}", **values)) for name, condition in WAITING.items()}


def standing(actor: Actor) -> Standing:
    """Of a desk, by staff. One query."""
    (row,) = select(STANDING, website=actor.website.pk, member=actor.membership_id, at=clock.now())
    return Standing(*row)
