"""Tickets in any state, made by the real actions. Each works in its own website's scope."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions.opening import TicketForm, open_ticket
from copydesk.tickets.models import Category, Ticket

from .accounts import actor

SHORT_RULE = {
    "name": "all",
    "first_response_minutes": 60,
    "next_response_minutes": 40,
    "resolution_minutes": 180,
}
OFFICE_WEEK = [[[540, 720], [780, 1020]]] * 5 + [[], []]


def form(**values: Any) -> TicketForm:
    return TicketForm(
        **{"title": "Where is my paper?", "body": "I cannot find it.", "category": Category.ORDER, **values}
    )


def ticket(requester: Membership, by: Membership | None = None, **values: Any) -> Ticket:
    """Opened by its requester, or by staff for it."""
    if by is not None:
        values["requester_id"] = requester.pk
    with website_scope(requester.website_id):
        return open_ticket(form(**values), by=actor(by or requester))


def sla(website: Website, **values: Any) -> None:
    with website_scope(website.pk):
        store_policy(website, "sla", {"rules": [SHORT_RULE], **values})
