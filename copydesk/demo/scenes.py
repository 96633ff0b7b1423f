"""What the named accounts find when they log in: an order in every state, each at its own hour before the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from copydesk.orders.models import Cause
from copydesk.payments.gateway.sandbox import DECLINED, OK

from . import texts
from .deeds import DAY, HOUR, MINUTE, Deeds
from .mirror import adjustments, editing, money, papers, staffing
from .stage import Life, Stage


class Scene(Deeds):
    """One order of a named client, written by a named writer where it has one."""

    def __init__(self, stage: Stage, index: object, client: str, writer: str) -> None:
        super().__init__(stage, index, stage.crew.named[client])
        self.named_writer = self.crew.named[writer]
        self.named_editor = self.crew.staff["editor"]

    def before_end(self, hours: float) -> Life:
        yield self.stage.end - hours * HOUR

    def placed(self, hours: float, *, lead_hours: float = 120, **wanted: Any) -> Life:
        yield from self.before_end(hours)
        deadline = self.now + lead_hours * HOUR
        self.place(client_deadline=deadline.replace(minute=0, second=0), academic_level="bachelor", **wanted)

    def paid(self, hours: float, *, lead_hours: float = 120, **wanted: Any) -> Life:
        yield from self.placed(hours, lead_hours=lead_hours, **wanted)
        yield self.now + 10 * MINUTE
        self.pay()

    def started(self, hours: float, *, lead_hours: float = 120, **wanted: Any) -> Life:
        """With a reason: the named writers may be busy by chance."""
        yield from self.paid(hours, lead_hours=lead_hours, **wanted)
        yield self.now + 20 * MINUTE
        desk, reason = self.crew.staff["support"].actor, "The client knows this writer."
        self.act(staffing.assign, self.named_writer, by=desk, reason=reason)

    def delivered(self, hours: float, *, done_hours: float) -> Life:
        yield from self.started(hours, requires_editing=False)
        yield from self.before_end(done_hours)
        self.hand_in()

    def unpaid(self) -> Life:
        yield from self.placed(3)

    def declined(self) -> Life:
        yield from self.placed(2)
        yield from self.before_end(1)
        self.pay(DECLINED)

    def available(self) -> Life:
        yield from self.paid(6)

    def wanted(self) -> Life:
        """Two named writers and a third have asked for it."""
        yield from self.paid(10)
        for hours, writer in ((5, self.crew.named["writer"]), (3, self.crew.named["writer2"])):
            yield from self.before_end(hours)
            self.ask(writer)
        yield from self.before_end(1)
        if other := self.crew.some_writer(self.stage, self.case, self.chance):
            self.ask(other)

    def offered(self) -> Life:
        yield from self.paid(8)
        yield from self.before_end(0.1)
        desk = self.crew.staff["support"].actor
        staffing.assign(
            self.stage, self.case, self.named_writer, by=desk, offer=True, reason="The client knows this writer."
        )

    def in_progress(self) -> Life:
        yield from self.started(30)
        yield from self.before_end(4)
        self.say(self.client, texts.CLIENT_MESSAGES)

    def due_soon(self) -> Life:
        yield from self.started(30, lead_hours=40)
        yield from self.before_end(5)
        self.say(self.named_writer, texts.WRITER_MESSAGES)

    def overdue(self) -> Life:
        yield from self.started(50, lead_hours=55)

    def just_late(self) -> Life:
        """Some minutes to an hour, as deadlines are full hours; the writer has four fifths of the time."""
        yield from self.started(32.2, lead_hours=40)

    def late(self) -> Life:
        yield from self.started(33.2, lead_hours=40)

    def long_late(self) -> Life:
        """For the client, too."""
        yield from self.started(62, lead_hours=40)

    def unassigned(self) -> Life:
        """For longer than a day, and little time is left."""
        yield from self.paid(30, lead_hours=44)

    def unassigned_too_long(self) -> Life:
        """The client's deadline has passed."""
        yield from self.paid(60, lead_hours=50)

    def turned_down(self) -> Life:
        """Two days ago; nobody has seen to it since."""
        yield from self.paid(50, lead_hours=200)
        yield from self.before_end(49)
        desk, reason = self.crew.staff["support"].actor, "The client knows this writer."
        self.act(staffing.assign, self.named_writer, by=desk, offer=True, reason=reason)
        yield from self.before_end(48)
        staffing.decline_offer(self.stage, self.case, by=self.named_writer.actor)

    def silent(self) -> Life:
        """Begun a week ago, with much time, and nothing since."""
        yield from self.started(167, lead_hours=480)

    def unedited(self) -> Life:
        """No editor has taken it for more than a day."""
        yield from self.started(70, requires_editing=True)
        yield from self.before_end(40)
        self.hand_in()

    def held_long(self) -> Life:
        yield from self.started(80)
        yield from self.before_end(50)
        self.hold()

    def unpaid_long(self) -> Life:
        yield from self.placed(40)

    def editing(self) -> Life:
        yield from self.started(40, requires_editing=True)
        yield from self.before_end(1)
        self.hand_in()

    def claimed(self) -> Life:
        yield from self.editing()
        yield from self.before_end(0.5)
        editing.claim_task(self.stage, self.task, by=self.named_editor.actor)

    def assigned(self) -> Life:
        yield from self.editing()
        yield from self.before_end(0.6)
        desk = self.crew.staff["support"].actor
        editing.assign_task(self.stage, self.task, by=desk, editor_id=self.named_editor)

    def in_review(self) -> Life:
        yield from self.claimed()
        yield from self.before_end(0.3)
        editing.start_task(self.stage, self.task, by=self.named_editor.actor)

    def with_verdict(self) -> Life:
        """The verdict is still to be applied."""
        yield from self.assigned()
        for _ in self.edit(self.named_editor, returned=False):
            yield from self.before_end(0.1)

    def out_of_editing(self) -> Life:
        """Staff hold the order before an editor has it."""
        yield from self.editing()
        yield from self.before_end(0.4)
        self.hold()

    def sent_back(self) -> Life:
        """By its editor; the writer has made one of the changes."""
        yield from self.assigned()
        for _ in self.edit(self.named_editor, returned=True):
            yield from self.before_end(0.4)
        editing.complete_task(self.stage, self.task, by=self.named_editor.actor)
        yield from self.before_end(0.2)
        editing.tick_change(self.stage, self.case.changes[0], by=self.writer.actor)

    def to_approve(self) -> Life:
        yield from self.delivered(60, done_hours=5)
        yield from self.before_end(4)
        self.say(self.named_writer, texts.WRITER_MESSAGES)

    def revision(self) -> Life:
        yield from self.delivered(80, done_hours=10)
        yield from self.before_end(3)
        self.revise()

    def on_hold(self) -> Life:
        yield from self.started(36)
        yield from self.before_end(7)
        self.hold()

    def in_dispute(self) -> Life:
        yield from self.delivered(90, done_hours=20)
        yield from self.before_end(6)
        self.disputed()

    def completed(self) -> Life:
        yield from self.delivered(100, done_hours=30)
        yield from self.before_end(20)
        self.approve()

    def change_proposed(self) -> Life:
        yield from self.started(28)
        yield from self.before_end(2)
        self.propose(by_client=False)

    def change_agreed(self) -> Life:
        yield from self.started(26)
        yield from self.before_end(6)
        proposal = self.propose(by_client=True)
        yield from self.before_end(2)
        adjustments.accept_adjustment(self.stage, proposal, by=self.crew.staff["support"].actor)

    def change_abandoned(self) -> Life:
        """The order ends while the client has yet to pay for more of it."""
        yield from self.change_agreed()
        yield from self.before_end(1)
        self.cancelled(Cause.CLIENT)

    def hurried(self) -> Life:
        """The deadline moves again and again, by staff and by agreement; then the order grows, as urgent as agreed."""
        yield from self.started(40, lead_hours=200)
        for hours, deadline_hours in ((30, 90), (25, 60), (5, 120)):
            yield from self.before_end(hours)
            self.extend(texts.EXTEND_REASONS, client_deadline=self.stage.end + deadline_hours * HOUR)
            if hours == 25:
                yield from self.agreed(20, client_deadline=self.stage.end + 40 * HOUR)
                yield from self.agreed(10, pages=self.case.order.pages + 2)

    def agreed(self, hours: float, **wanted: Any) -> Life:
        yield from self.before_end(hours)
        proposal = self.propose(by_client=True, **wanted)
        yield from self.before_end(hours - 1)
        adjustments.accept_adjustment(self.stage, proposal, by=self.crew.staff["support"].actor)
        yield from self.before_end(hours - 2)
        self.pay_change(proposal)

    def taken_back(self) -> Life:
        """Cancelled in a revision after the pay was earned, which falls with the refund."""
        yield from self.completed()
        yield from self.before_end(12)
        self.revise()
        yield from self.before_end(3)
        self.cancelled(Cause.CLIENT)

    def handed_over(self) -> Life:
        """After its completion another writer revises it, and is paid as well; then the first one again, who was."""
        yield from self.completed()
        for hours, writer in ((15, self.crew.named["writer3"]), (7, self.named_writer)):
            yield from self.before_end(hours)
            self.revise()
            yield from self.before_end(hours - 1)
            self.reassigned(writer)
            yield from self.before_end(hours - 3)
            self.hand_in()
            yield from self.before_end(hours - 5)
            self.approve()

    def cancelled_late(self) -> Life:
        yield from self.started(70, lead_hours=60)
        yield from self.before_end(40)
        self.cancelled(Cause.CLIENT)

    def talked_about(self) -> Life:
        yield from self.started(20)
        for hours, member in ((9, self.client), (6, self.named_writer), (2, self.client)):
            yield from self.before_end(hours)
            self.act(papers.read_messages, by=member.actor)
            self.say(member, texts.CLIENT_MESSAGES if member is self.client else texts.WRITER_MESSAGES)


SCENES: tuple[tuple[Callable[[Scene], Life], str, str], ...] = (
    (Scene.unpaid, "client", "writer"),
    (Scene.declined, "client", "writer"),
    (Scene.unpaid, "client2", "writer"),
    (Scene.available, "client", "writer"),
    (Scene.available, "client2", "writer"),
    (Scene.wanted, "client", "writer"),
    (Scene.wanted, "client2", "writer"),
    (Scene.offered, "client", "writer"),
    (Scene.offered, "client2", "writer2"),
    (Scene.in_progress, "client", "writer"),
    (Scene.in_progress, "client2", "writer2"),
    (Scene.due_soon, "client", "writer2"),
    (Scene.overdue, "client2", "writer3"),
    (Scene.editing, "client", "writer"),
    (Scene.editing, "client2", "writer2"),
    (Scene.claimed, "client", "writer3"),
    (Scene.assigned, "client2", "writer3"),
    (Scene.in_review, "client", "writer2"),
    (Scene.with_verdict, "client2", "writer"),
    (Scene.sent_back, "client", "writer"),
    (Scene.to_approve, "client", "writer"),
    (Scene.to_approve, "client", "writer2"),
    (Scene.to_approve, "client2", "writer"),
    (Scene.revision, "client", "writer"),
    (Scene.revision, "client2", "writer3"),
    (Scene.on_hold, "client", "writer2"),
    (Scene.in_dispute, "client2", "writer"),
    (Scene.in_dispute, "client", "writer2"),
    (Scene.completed, "client", "writer"),
    (Scene.completed, "client2", "writer2"),
    (Scene.change_proposed, "client", "writer3"),
    (Scene.change_agreed, "client2", "writer2"),
    (Scene.change_abandoned, "client", "writer2"),
    (Scene.hurried, "client2", "writer3"),
    (Scene.taken_back, "client2", "writer2"),
    (Scene.handed_over, "client", "writer"),
    (Scene.cancelled_late, "client2", "writer2"),
    (Scene.talked_about, "client", "writer"),
    (Scene.out_of_editing, "client2", "writer"),
    (Scene.just_late, "client", "writer3"),
    (Scene.late, "client", "writer3"),
    (Scene.long_late, "client2", "writer3"),
    (Scene.unassigned, "client", "writer"),
    (Scene.unassigned_too_long, "client2", "writer"),
    (Scene.turned_down, "client", "writer2"),
    (Scene.silent, "client2", "writer2"),
    (Scene.unedited, "client", "writer2"),
    (Scene.held_long, "client2", "writer"),
    (Scene.unpaid_long, "client2", "writer"),
)


def scenes(stage: Stage) -> Life:
    """They begin a week before the end; the named clients' wallets are filled before and after."""
    yield stage.end - 7 * DAY
    for name in ("client", "client2"):
        money.top_up(stage, amount_minor=15_000, token=OK, by=stage.crew.named[name].actor)
    for index, (scene, client, writer) in enumerate(SCENES):
        stage.begin(scene(Scene(stage, f"scene {index}", client, writer)))
    yield stage.end - HOUR
    for name in ("client", "client2"):
        money.top_up(stage, amount_minor=12_000, token=OK, by=stage.crew.named[name].actor)
