"""What client, writer and support find when they log in: a ticket in every state, each at its own hour before the end;
payment issues and measures in every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from copydesk.tickets.models import Category, IssueKind, Measure, Priority, Status

from . import texts
from .copy import Row
from .crew import Member
from .enquiries import DAY, HOUR, MINUTE, IssueLife, TicketDeeds
from .mirror import desk, people, tickets
from .people import Arrivals
from .stage import Case, Life, Stage


def newest_order(stage: Stage, member: Member) -> Row | None:
    """Of a client or a writer."""
    for case in reversed(stage.cases.values()):
        if member.id in (case.order.client_id, case.order.writer_id):
            return case.order
    return None


class TicketScene(TicketDeeds):
    """One ticket of a named client or writer, worked on by the named agent."""

    def __init__(self, stage: Stage, index: object, requester: str) -> None:
        super().__init__(stage, index)
        self.requester = stage.crew.named[requester]
        self.named_agent = stage.crew.staff["support"]
        self.admin = stage.crew.staff["admin"]

    def before_end(self, hours: float) -> Life:
        """Without a ticket yet, or with the clock's jobs that come due until then."""
        at = self.stage.end - hours * HOUR
        if hasattr(self, "ticket"):
            yield from self.until(at)
        else:
            yield at

    def order(self) -> Row | None:
        return newest_order(self.stage, self.requester)

    def opened(
        self, hours: float, category: Category = Category.OTHER, about: Row | None = None, **wanted: Any
    ) -> Life:
        yield from self.before_end(hours)
        self.open(category, about, **wanted)

    def taken(self, hours: float, category: Category = Category.ACCOUNT, about: Row | None = None) -> Life:
        yield from self.opened(hours, category, about)
        yield from self.until(self.stage.now + 15 * MINUTE)
        self.claim(self.named_agent)

    def answered(self, hours: float, category: Category = Category.TECHNICAL, then: Status | None = None) -> Life:
        yield from self.taken(hours, category)
        yield from self.until(self.stage.now + 40 * MINUTE)
        self.answer(then)

    def solved(self, hours: float, done_hours: float, category: Category = Category.PAYMENT) -> Life:
        yield from self.answered(hours, category)
        yield from self.before_end(done_hours)
        self.resolve()

    def new(self) -> Life:
        yield from self.opened(1, Category.ORDER, self.order())

    def new_and_assigned(self) -> Life:
        yield from self.opened(3)
        yield from self.before_end(2)
        self.assign(self.named_agent)

    def at_risk(self) -> Life:
        """Three quarters of the time to the first answer are over."""
        yield from self.opened(10, Category.PAYMENT)
        yield from self.before_end(0)

    def breached(self) -> Life:
        """Nobody has answered in time: escalated by rule, up to the second level."""
        yield from self.opened(60, Category.REFUND, self.order())
        yield from self.before_end(50)
        self.claim(self.named_agent)
        yield from self.before_end(0)

    def nobodys(self) -> Life:
        """As breached, and nobody has taken it."""
        yield from self.opened(14, Category.QUALITY, self.order())
        yield from self.before_end(0)

    def asked_again(self) -> Life:
        """And not answered in time."""
        yield from self.answered(21)
        yield from self.before_end(14)
        self.ask()
        yield from self.before_end(0)

    def open_with_notes(self) -> Life:
        yield from self.answered(9, Category.QUALITY)
        yield from self.before_end(7)
        self.note(content="draft")
        yield from self.before_end(6)
        self.answer(content="sources")
        yield from self.before_end(5)
        self.ask(content="brief")
        yield from self.before_end(0)

    def urgent(self) -> Life:
        yield from self.taken(0.5, Category.ORDER)
        tickets.change_ticket(self.stage, self.ticket, by=self.named_agent.actor, priority=Priority.CRITICAL)
        yield from self.before_end(0)

    def awaiting_client(self) -> Life:
        """It has added a file, and not yet sent it."""
        yield from self.answered(20, Category.ACCOUNT, Status.AWAITING_CLIENT)
        yield from self.before_end(2)
        self.files("brief", self.requester.actor)
        yield from self.before_end(0)

    def resolved(self) -> Life:
        yield from self.taken(30, Category.TECHNICAL)
        yield from self.before_end(26)
        self.answer(content="sources")
        yield from self.before_end(20)
        self.resolve()

    def resolved_and_rated(self) -> Life:
        yield from self.solved(40, 35)
        yield from self.before_end(30)
        self.rate()

    def closed(self) -> Life:
        yield from self.solved(100, 96)
        yield from self.before_end(90)
        self.rate()
        yield from self.before_end(80)
        self.close()

    def closed_by_the_clock(self) -> Life:
        yield from self.solved(200, 196)
        yield from self.before_end(1)

    def closed_by_the_desk(self) -> Life:
        yield from self.opened(70)
        yield from self.before_end(69)
        by = self.named_agent.actor
        tickets.close_ticket(self.stage, self.ticket, by=by, reason="Meant for another company.")

    def reopened(self) -> Life:
        yield from self.solved(50, 48)
        yield from self.before_end(30)
        self.close()
        yield from self.before_end(4)
        self.reopen()
        yield from self.before_end(0)

    def merged(self) -> Life:
        yield from self.answered(12, Category.TECHNICAL)
        yield from self.before_end(8)
        twice = TicketScene(self.stage, "twice", "client")
        twice.open(Category.TECHNICAL)
        yield from self.before_end(7)
        tickets.merge_ticket(self.stage, twice.ticket, self.ticket, by=self.named_agent.actor)
        self.stage.close_ticket(twice.ticket.id)
        yield from self.before_end(0)

    def escalated(self) -> Life:
        """By hand: seen, and put before the next level."""
        yield from self.answered(16, Category.REFUND)
        yield from self.before_end(12)
        first = self.escalate(self.admin)
        yield from self.before_end(11)
        tickets.acknowledge_escalation(self.stage, first, by=self.admin.actor)
        yield from self.before_end(3)
        self.escalate()
        yield from self.before_end(0)

    def calmed(self) -> Life:
        yield from self.answered(15, Category.QUALITY)
        yield from self.before_end(12)
        first = self.escalate(self.admin)
        yield from self.before_end(10)
        reason = self.chance.choice(texts.ESCALATION_ENDS)
        tickets.resolve_escalation(self.stage, first, by=self.admin.actor, reason=reason)
        yield from self.before_end(0)

    def opened_by_the_desk(self) -> Life:
        by = self.named_agent.actor
        yield from self.opened(5, Category.ORDER, self.order(), by=by, priority=Priority.HIGH)
        yield from self.before_end(4)
        self.answer(Status.AWAITING_CLIENT)
        yield from self.before_end(0)


TICKET_SCENES: tuple[tuple[Callable[[TicketScene], Life], str], ...] = (
    (TicketScene.new, "client"),
    (TicketScene.new, "writer"),
    (TicketScene.new_and_assigned, "client2"),
    (TicketScene.at_risk, "client2"),
    (TicketScene.breached, "client"),
    (TicketScene.open_with_notes, "client"),
    (TicketScene.urgent, "client2"),
    (TicketScene.awaiting_client, "client"),
    (TicketScene.resolved, "writer"),
    (TicketScene.resolved_and_rated, "client2"),
    (TicketScene.closed, "client"),
    (TicketScene.closed_by_the_clock, "writer2"),
    (TicketScene.reopened, "client2"),
    (TicketScene.merged, "client"),
    (TicketScene.escalated, "client2"),
    (TicketScene.calmed, "writer"),
    (TicketScene.opened_by_the_desk, "client"),
    (TicketScene.nobodys, "client2"),
    (TicketScene.asked_again, "writer"),
    (TicketScene.closed_by_the_desk, "client2"),
)
TICKETS_OF_SCENES = len(TICKET_SCENES) + 1
"""A merged one is two."""


def ticket_scenes(stage: Stage, arrivals: Arrivals) -> Life:
    yield stage.end - 9 * DAY
    for index, (scene, requester) in enumerate(TICKET_SCENES):
        stage.begin(scene(TicketScene(stage, f"scene {index}", requester)))
    for life in (issues(stage), asked(stage), barred(stage, arrivals)):
        stage.begin(life)


def issues(stage: Stage) -> Life:
    """Payments that went wrong: one open, one escalated, both of an order; one resolved of each."""
    yield stage.end - 30 * HOUR
    client, other = stage.crew.named["client"], stage.crew.named["client2"]
    support, admin = stage.crew.staff["support"].actor, stage.crew.staff["admin"].actor
    solved = IssueLife(stage, None, client).open(IssueKind.FAILED_PAYMENT)
    decided = IssueLife(stage, None, other).open(IssueKind.MISSING_REFUND)
    yield stage.end - 20 * HOUR
    desk.resolve_issue(stage, solved, texts.ISSUE_ENDS[0], by=support)
    desk.escalate_issue(stage, decided, by=support, reason=texts.ISSUE_ESCALATED[0])
    yield stage.end - 10 * HOUR
    desk.resolve_issue(stage, decided, texts.ISSUE_ENDS[1], by=admin)
    paid = last_paid(stage, other)
    twice = paid.charges[0].charge
    waits = IssueLife(stage, None, other).open(IssueKind.DOUBLE_CHARGE, order_id=paid.order, charge_id=twice)
    yield stage.end - 5 * HOUR
    desk.escalate_issue(stage, waits, by=support, reason=texts.ISSUE_ESCALATED[0])
    yield stage.end - 2 * HOUR
    IssueLife(stage, None, client).open(IssueKind.WRONG_AMOUNT, order_id=newest_order(stage, client))


def last_paid(stage: Stage, client: Member) -> Case:
    cases = (case for case in reversed(stage.cases.values()) if case.order.client_id == client.id)
    return next(case for case in cases if case.order.paid_at and case.charges)


def asked(stage: Stage) -> Life:
    """Measures that wait, and a probation that holds, and one that was refused."""
    yield stage.end - 30 * HOUR
    support, other = stage.crew.staff["support"].actor, stage.crew.staff["support2"].actor
    admin, client, writer = stage.crew.staff["admin"].actor, stage.crew.named["client2"], stage.crew.named["writer3"]
    until = stage.end + 10 * DAY
    reason = texts.MEASURE_REASONS[1]
    holds = desk.request_measure(stage, client, Measure.PROBATION, by=support, reason=reason, until=until)
    refused = desk.request_measure(stage, writer, Measure.SUSPEND, by=support, reason=reason, until=until)
    yield stage.end - 20 * HOUR
    desk.approve_measure(stage, holds, by=admin)
    desk.reject_measure(stage, refused, by=admin, reason=texts.MEASURE_REFUSED[0])
    yield stage.end - 6 * HOUR
    seen = desk.request_measure(stage, writer, Measure.PROBATION, by=other, reason=reason, until=until)
    yield stage.end - 5 * HOUR
    desk.acknowledge_measure(stage, seen, by=support)
    desk.request_measure(stage, client, Measure.SUSPEND, by=other, reason=reason, until=until)


def barred(stage: Stage, arrivals: Arrivals) -> Life:
    """Three who have come only to quarrel: two are blacklisted, one of them readmitted; the third is suspended."""
    yield stage.end - 8 * DAY
    support, admin = stage.crew.staff["support"].actor, stage.crew.staff["admin"].actor
    members: list[Member] = []
    for name in ("quarrel", "quarrel2", "quarrel3"):
        members.append(
            people.register_client(
                stage,
                email=arrivals.email(name),
                full_name=arrivals.full_name(name),
                password=arrivals.password,
            )
        )
        stage.crew.clients.pop()
    yield stage.end - 4 * DAY
    reason = texts.MEASURE_REASONS[0]
    *worst, third = members
    rows = [desk.request_measure(stage, each, Measure.BLACKLIST, by=support, reason=reason) for each in worst]
    until = stage.end + 10 * DAY
    rows.append(desk.request_measure(stage, third, Measure.SUSPEND, by=support, reason=reason, until=until))
    yield stage.end - 3 * DAY
    for row in rows:
        desk.approve_measure(stage, row, by=admin)
    yield stage.end - 1 * DAY
    desk.resolve_measure(stage, rows[1], by=admin, reason="It was somebody else with the same name.")
