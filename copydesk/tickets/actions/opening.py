"""Opening a ticket."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import record
from copydesk.journal.models import details
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website

from ..errors import NobodyFree
from ..models import Category, Priority, Reply, Ticket
from ..models.ticket import REQUESTERS
from ..policies import SlaPolicy
from .clocks import keep_clocks
from .course import assign_to_best
from .talking import checked


@dataclass(frozen=True, slots=True)
class TicketForm:
    """`requester_id`: for whom staff open it. `priority` is theirs to say. `about_type` with `about_id`, or none."""

    title: str
    body: str
    category: Category
    priority: Priority | None = None
    requester_id: int | None = None
    about_type: str = ""
    about_id: int | None = None


def open_ticket(form: TicketForm, *, by: Actor) -> Ticket:
    """A new ticket with its first public message, under the terms that the website has now; its clocks run. Where the
    website wants it, it has an agent at once, if anybody is free.

    Raises Forbidden, and Invalid for a requester or a subject that is none, a priority of whoever may not set it."""
    if not by.can(Can.USE_TICKETS):
        raise Forbidden
    body = checked(by.website, form.body)
    title = form.title.strip()
    if not title:
        raise Invalid({"title": "Say what it is about."}, "blank")
    if form.priority is not None and not by.is_staff:
        raise Invalid({"priority": "The desk sets the priority."})
    requester = _requester(form, by)
    _refuse_unknown_subject(form, requester, by)
    policy = SlaPolicy.of(by.website)
    now = clock.now()
    ticket = Ticket.objects.of(by.website).create(
        number=_next_number(by.website),
        requester=requester,
        requester_role=requester.role,
        title=title,
        category=form.category,
        priority=form.priority or Priority.MEDIUM,
        about_type=form.about_type,
        about_id=form.about_id,
        policy_version=policy.version,
        zone=by.website.timezone,
        opened_at=now,
        last_message_at=now,
    )
    Reply.objects.of(by.website).create(
        ticket=ticket, author_id=by.membership_id, author_role=by.role, body=body, created_at=now
    )
    data = details(
        number=ticket.number,
        priority=ticket.priority,
        category=str(ticket.category),
        policy_version=policy.version,
        about_type=form.about_type or None,
        about_id=form.about_id,
    )
    record("ticket.open", ticket, by=by, after=ticket.status, data=data)
    keep_clocks(ticket, by=by)
    if policy.assigns_automatically:
        with suppress(NobodyFree):
            assign_to_best(ticket, by=by.as_system())
    return ticket


def _requester(form: TicketForm, by: Actor) -> Membership:
    if not by.is_staff:
        if form.requester_id not in (None, by.membership_id):
            raise Invalid({"requester_id": "Open tickets for yourself."})
        return Membership.objects.of(by.website).get(pk=by.membership_id or 0)
    members = Membership.objects.of(by.website).filter(role__in=REQUESTERS, status=MembershipStatus.ACTIVE)
    requester = members.filter(pk=form.requester_id or 0).first()
    if requester is None:
        raise Invalid({"requester_id": "No such client or writer."}, "not_found")
    return requester


def _refuse_unknown_subject(form: TicketForm, requester: Membership, by: Actor) -> None:
    """A subject is one that the requester can see. Orders are known here; of what stands beside tickets, whoever stands
    above both adds the check."""
    if bool(form.about_type) != (form.about_id is not None):
        raise Invalid({"about_id": "Name a subject by its type and its id."})
    if not form.about_type:
        return
    about_id = form.about_id or 0
    asking = Actor(by.website, Role(requester.role), membership_id=requester.pk)
    if form.about_type != Order.noun or not Order.objects.visible_to(asking).filter(pk=about_id).exists():
        raise Invalid({"about_id": f"There is no such {form.about_type}."}, "not_found")


def _next_number(website: Website) -> int:
    """A website numbers its own tickets: the row's lock makes openings of one website wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenancy_website SET last_ticket_number = last_ticket_number + 1 WHERE id = %s"
            " RETURNING last_ticket_number",
            [website.pk],
        )
        return int(cursor.fetchone()[0])
