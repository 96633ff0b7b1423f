"""What may become of a ticket: deeds of the requester and the desk, drawn by chance; ticket_scenes.py plans them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.tickets.actions.opening import TicketForm
from copydesk.tickets.models import UNCLOSED, Category, IssueKind, Priority, Status

from . import texts
from .copy import Row
from .crew import Member
from .mirror import desk, tickets
from .mirror.clocks import POLICY, next_sweep, unwarned, watch_ticket
from .stage import Life, Stage

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
CATEGORIES = {
    Category.ORDER: 34,
    Category.PAYMENT: 16,
    Category.REFUND: 10,
    Category.QUALITY: 14,
    Category.ACCOUNT: 9,
    Category.TECHNICAL: 11,
    Category.OTHER: 6,
}
OF_ORDERS = (Category.ORDER, Category.REFUND, Category.QUALITY)
PRIORITIES = {Priority.LOW: 18, Priority.MEDIUM: 52, Priority.HIGH: 24, Priority.CRITICAL: 6}
STARS = {5: 46, 4: 27, 3: 13, 2: 8, 1: 6}
PATIENCE = 3 * DAY


class TicketDeeds:
    """One ticket of `requester`; `index` names its chances."""

    ticket: Row
    requester: Member

    def __init__(self, stage: Stage, index: object) -> None:
        self.stage = stage
        self.crew = stage.crew
        self.chance = stage.chance("ticket", index)

    @property
    def status(self) -> str:
        return str(self.ticket.status)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def within(self, mean: dt.timedelta, most: dt.timedelta) -> dt.timedelta:
        return max(min(mean * self.chance.expovariate(1), most), MINUTE)

    def some_agent(self) -> Member:
        return self.chance.choice(self.crew.agents)

    @property
    def holder(self) -> Member:
        """Who has the ticket, or else somebody of the desk."""
        return self.stage.member(self.ticket.assignee_id) if self.ticket.assignee_id else self.some_agent()

    def until(self, at: dt.datetime) -> Life:
        """The clock's jobs do what comes due meanwhile."""
        enquiry = self.stage.tickets[self.ticket.id]
        while (due := next_sweep(enquiry)) is not None and due <= at:
            yield due
            self.sweep()
        yield at

    def sweep(self) -> None:
        now, ticket, system = self.stage.now, self.ticket, self.stage.system
        clocks = [row for row in self.stage.tickets[ticket.id].clocks.values() if row.breached_at is None]
        overdue = any(row.met_at is None and row.due_at is not None and row.due_at < now for row in clocks)
        if overdue or any(unwarned(row) and row.risk_at <= now for row in clocks):
            watch_ticket(self.stage, ticket, by=system)
        if ticket.escalate_at is not None and ticket.escalate_at <= now:
            tickets.escalate_by_rule(self.stage, ticket, by=system)
        if ticket.close_at is not None and ticket.close_at <= now:
            tickets.close_resolved(self.stage, ticket, by=system)

    # Deeds

    def open(self, category: Category, about: Row | None = None, *, by: Actor | None = None, **wanted: Any) -> None:
        title, body = self.chance.choice(texts.QUESTIONS[category.value])
        by = by or self.requester.actor
        form = TicketForm(
            title=title,
            body=body,
            category=category,
            requester_id=self.requester.id if by.is_staff else None,
            about_type="order" if about else "",
            about_id=about.id if about else None,
            **wanted,
        )
        self.ticket = tickets.open_ticket(self.stage, form, by=by)

    def claim(self, agent: Member) -> None:
        tickets.claim_ticket(self.stage, self.ticket, by=agent.actor)

    def assign(self, agent: Member | None) -> None:
        tickets.assign_ticket(self.stage, self.ticket, agent, by=self.crew.staff["admin"].actor)

    def answer(self, then: Status | None = None, *, content: str = "") -> None:
        by = self.holder.actor
        self.say(texts.TICKET_ANSWERS, by, then=then, content=content)

    def ask(self, *, content: str = "") -> None:
        self.say(texts.TICKET_REPLIES, self.requester.actor, content=content)

    def say(self, bodies: Sequence[str], by: Actor, *, then: Status | None = None, content: str = "") -> None:
        files = self.files(content, by)
        tickets.reply_to_ticket(self.stage, self.ticket, self.chance.choice(bodies), files, by=by, then=then)

    def note(self, *, content: str = "") -> None:
        by = self.holder.actor
        files = self.files(content, by)
        tickets.add_note(self.stage, self.ticket, self.chance.choice(texts.TICKET_NOTES), files, by=by)

    def files(self, content: str, by: Actor) -> list[Row]:
        return [tickets.add_ticket_file(self.stage, self.ticket, content=content, by=by)] if content else []

    def escalate(self, target: Member | None = None) -> Row:
        reason = self.chance.choice(texts.ESCALATION_REASONS)
        return tickets.escalate_ticket(self.stage, self.ticket, by=self.holder.actor, reason=reason, target_id=target)

    def tend_escalations(self, *, end: bool) -> None:
        """Acknowledged by an admin; resolved with the ticket."""
        by = self.crew.staff["admin"].actor
        for row in self.stage.tickets[self.ticket.id].escalations:
            if row.status == "open" and self.happens(0.8):
                tickets.acknowledge_escalation(self.stage, row, by=by)
            if end and row.status != "resolved" and self.happens(0.95):
                reason = self.chance.choice(texts.ESCALATION_ENDS)
                tickets.resolve_escalation(self.stage, row, by=by, reason=reason)

    def resolve(self) -> None:
        reason = self.chance.choice(texts.RESOLUTIONS)
        tickets.resolve_ticket(self.stage, self.ticket, by=self.holder.actor, reason=reason)

    def close(self, by: Actor | None = None) -> None:
        reason = self.chance.choice(texts.CLOSINGS)
        tickets.close_ticket(self.stage, self.ticket, by=by or self.requester.actor, reason=reason)

    def reopen(self) -> None:
        reason = self.chance.choice(texts.REOPENINGS)
        tickets.reopen_ticket(self.stage, self.ticket, by=self.requester.actor, reason=reason)

    def rate(self) -> None:
        stars = self.chance.choices(list(STARS), list(STARS.values()))[0]
        comment = self.chance.choice(texts.RATING_COMMENTS[stars])
        tickets.rate_ticket(self.stage, self.ticket, stars, by=self.requester.actor, comment=comment)


class TicketLife(TicketDeeds):
    """A ticket that is opened now. `slow`: how much longer than usual the desk takes."""

    slow = 1.0

    def live(self) -> Life:
        self.priority = self.some_priority()
        before = next(reversed(self.stage.tickets.values()), None) if self.happens(0.02) else None
        if before is not None and self.stage.member(before.ticket.requester_id) in self.crew.named.values():
            before = None  # A scene: absorbing a duplicate would open it again.
        self.ask_for_help(before.ticket if before else None)
        if self.happens(0.06):
            self.slow = 5.0
        if before is not None:
            yield from self.until(self.stage.now + self.within(30 * MINUTE, 3 * HOUR))
            if self.merged(before.ticket):
                return
        while self.status in UNCLOSED:
            if self.status == Status.NEW:
                yield from self.received()
            elif self.status == Status.OPEN:
                yield from self.worked_on()
            elif self.status == Status.AWAITING_CLIENT:
                yield from self.awaited()
            else:
                yield from self.afterwards()
        self.stage.close_ticket(self.ticket.id)

    def ask_for_help(self, duplicated: Row | None) -> None:
        chance = self.chance
        category = chance.choices(list(CATEGORIES), list(CATEGORIES.values()))[0]
        about = None
        if duplicated is not None:
            self.requester, category = self.stage.member(duplicated.requester_id), Category(duplicated.category)
        elif self.stage.recent and (category in OF_ORDERS or self.happens(0.4)):
            about = chance.choice(self.stage.recent)
            writes = about.writer_id is not None and self.happens(0.15)
            self.requester = self.stage.member(about.writer_id if writes else about.client_id)
        else:
            writes = bool(self.crew.writers) and self.happens(0.15)
            self.requester = chance.choice(self.crew.writers) if writes else self.crew.some_client(chance)
        if self.happens(0.08):
            self.open(category, about, by=self.some_agent().actor, priority=self.priority)
        else:
            self.open(category, about)

    def some_priority(self) -> Priority:
        return self.chance.choices(list(PRIORITIES), list(PRIORITIES.values()))[0]

    def merged(self, into: Row) -> bool:
        open_tickets, own = self.stage.tickets, self.ticket
        if own.status not in UNCLOSED or into.status not in UNCLOSED or into.id not in open_tickets:
            return False
        if open_tickets[own.id].absorbed:
            return False
        tickets.merge_ticket(self.stage, self.ticket, into, by=self.some_agent().actor)
        self.stage.close_ticket(self.ticket.id)
        return True

    def pace(self, share: float) -> dt.timedelta:
        """A share of the target of an answer, on average."""
        target = POLICY.targets(self.priority.word, self.ticket.category, self.ticket.requester_role).next_response
        return self.within(target * share * self.slow, target * 4 * self.slow)

    def received(self) -> Life:
        """Looked at, mostly taken by somebody, and answered."""
        yield from self.until(self.stage.now + self.pace(0.08))
        if self.status != Status.NEW:
            return
        if self.ticket.assignee_id is None:
            if self.happens(0.7):
                self.claim(self.some_agent())
            elif self.happens(0.9):
                self.assign(self.some_agent())
        tickets.change_ticket(self.stage, self.ticket, by=self.holder.actor, priority=self.priority)
        yield from self.until(self.stage.now + self.pace(0.2))
        if self.status == Status.NEW:
            self.reply()

    def reply(self) -> None:
        then = Status.AWAITING_CLIENT if self.happens(0.4) else None
        self.answer(then, content="sources" if self.happens(0.04) else "")

    def worked_on(self) -> Life:
        """A note, an escalation, another agent; then an answer or the end."""
        yield from self.until(self.stage.now + self.pace(0.2))
        if self.status != Status.OPEN:
            return
        what = self.chance.random()
        if what < 0.15:
            self.note(content="draft" if self.happens(0.1) else "")
        elif what < 0.19 and self.ticket.escalation_level < 3:
            self.escalate(self.crew.staff["admin"] if self.happens(0.5) else None)
        elif what < 0.23:
            self.assign(self.some_agent())
        elif what < 0.26 and self.ticket.category == Category.PAYMENT and self.requester.actor.role is Role.CLIENT:
            self.stage.begin(IssueLife(self.stage, self.ticket, self.requester).live())
        elif what < 0.6:
            self.reply()
        else:
            self.tend_escalations(end=True)
            self.resolve()
            return
        self.tend_escalations(end=False)

    def awaited(self) -> Life:
        if self.happens(0.8):
            yield from self.until(self.stage.now + self.within(8 * HOUR, 4 * DAY))
            if self.status == Status.AWAITING_CLIENT:
                self.ask(content="brief" if self.happens(0.1) else "")
            return
        yield from self.until(self.stage.now + PATIENCE)
        if self.status == Status.AWAITING_CLIENT:
            self.tend_escalations(end=True)
            self.resolve()

    def afterwards(self) -> Life:
        """Rated, not solved after all, closed by its requester or by the clock, and rarely opened again."""
        if self.ticket.rating is None and self.happens(0.42):
            yield from self.until(self.stage.now + self.within(10 * HOUR, 4 * DAY))
            if self.status != Status.RESOLVED:
                return
            self.rate()
        what = self.chance.random()
        if what < 0.2:
            yield from self.until(self.stage.now + self.within(DAY, 2 * DAY))
            if self.status != Status.RESOLVED:
                return
            if what < 0.05:
                self.ask()
                return
            if what < 0.06:
                self.reopen()
                return
            self.close()
        else:
            yield from self.until(self.ticket.close_at + HOUR)
        if self.status == Status.CLOSED and self.happens(0.015):
            yield from self.until(self.stage.now + self.within(DAY, 6 * DAY))
            self.reopen()


class IssueLife:
    """What went wrong with a client's payment: worked on, sometimes put before an admin."""

    def __init__(self, stage: Stage, ticket: Row | None, client: Member) -> None:
        self.stage, self.ticket, self.client = stage, ticket, client
        self.chance = stage.chance("issue", ticket.number if ticket else client.row.number)

    def open(self, kind: IssueKind | None = None, **about: Row | None) -> Row:
        kind = kind or self.chance.choice(list(IssueKind))
        story = self.chance.choice(texts.ISSUE_STORIES)
        by = self.stage.crew.staff["support"].actor
        return desk.open_issue(self.stage, self.client, kind, story, by=by, ticket_id=self.ticket, **about)

    def live(self) -> Life:
        yield self.stage.now + 5 * MINUTE
        issue = self.open()
        yield self.stage.now + HOUR * self.chance.uniform(1, 30)
        escalated = self.chance.random() < 0.3
        if escalated:
            reason = self.chance.choice(texts.ISSUE_ESCALATED)
            desk.escalate_issue(self.stage, issue, by=self.stage.crew.staff["support"].actor, reason=reason)
            yield self.stage.now + DAY * self.chance.uniform(0.2, 3)
        by = self.stage.crew.staff["admin" if escalated else "support"].actor
        desk.resolve_issue(self.stage, issue, self.chance.choice(texts.ISSUE_ENDS), by=by)
