"""What admins and both sides find when they log in: a dispute in every stage, and of each end."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.disputes.models import Outcome, Party
from copydesk.fines.policies import FineKind
from copydesk.orders.models import DisputeReason

from . import texts
from .contests import SWEEP, answered, decided
from .copy import Row
from .deeds import HOUR, swept
from .mirror import disputes, fines
from .scenes import Scene
from .stage import Life, Stage

R = DisputeReason


class DisputeScene(Scene):
    """One order of a named client, written by a named writer, which one of them or staff contest."""

    row: Row

    def opened(self, hours: float, reason: DisputeReason = R.QUALITY_ISSUE, side: Party = Party.CLIENT) -> Life:
        """Delivered some days before the end."""
        yield from self.delivered(180, done_hours=150)
        yield from self.before_end(hours)
        by = {Party.CLIENT: self.client.actor, Party.WRITER: self.named_writer.actor}
        said = texts.DISPUTE_COMPLAINTS if side == Party.WRITER else texts.DISPUTE_STATEMENTS
        desk = self.crew.staff["support"].actor
        self.row = self.act(disputes.open_dispute, by=by.get(side, desk), reason=reason.value, statement=said[0])

    def answered(self, hours: float, reason: DisputeReason = R.QUALITY_ISSUE) -> Life:
        """By the writer, with a file; the client adds to its own."""
        yield from self.opened(hours, reason)
        yield from self.before_end(hours - 8)
        answered(self, self.row, texts.DISPUTE_ANSWERS[0], with_file=True)
        yield from self.before_end(hours - 9)
        text, by = texts.DISPUTE_MORE[1], self.client.actor
        self.act(disputes.respond_to_dispute, self.row, by=by, text=text, contents=["brief"])

    def asked_back(self, hours: float) -> Life:
        """Staff want to hear the client once more."""
        yield from self.answered(hours)
        yield from self.before_end(hours - 20)
        text, by = texts.DISPUTE_QUESTIONS[0], self.crew.staff["admin"].actor
        self.act(disputes.respond_to_dispute, self.row, by=by, text=text, ask=Party.CLIENT)

    def silent(self) -> Life:
        yield swept(self.row.due_at, SWEEP)
        self.act(disputes.keep_time, self.row, by=self.stage.system)

    def awaiting_writer(self) -> Life:
        yield from self.opened(9)

    def awaiting_client(self) -> Life:
        yield from self.opened(14, R.CONDUCT_ISSUE, Party.WRITER)

    def to_forward(self) -> Life:
        yield from self.opened(5, R.PAYMENT_ISSUE, Party.STAFF)

    def forwarded_by_itself(self) -> Life:
        yield from self.opened(40, R.OTHER, Party.STAFF)
        yield from self.silent()

    def to_decide(self) -> Life:
        yield from self.answered(50)

    def alike(self) -> Life:
        """Of one reason, to be decided together."""
        yield from self.answered(46, R.LATE_DELIVERY)

    def unanswered(self) -> Life:
        yield from self.opened(60, R.PLAGIARISM)
        yield from self.silent()

    def overdue(self) -> Life:
        """Staff have let their time pass."""
        yield from self.answered(110, R.WRONG_FILE)
        yield from self.silent()

    def asked_again(self) -> Life:
        yield from self.asked_back(45)

    def expired(self) -> Life:
        yield from self.asked_back(90)
        yield from self.silent()

    def withdrawn(self) -> Life:
        yield from self.opened(30, R.MISSED_INSTRUCTIONS)
        yield from self.before_end(22)
        self.act(disputes.withdraw_dispute, self.row, by=self.client.actor, reason=texts.DISPUTE_WITHDRAWN[0])

    def resolved(self, outcome: Outcome, share: float = 1) -> Life:
        yield from self.answered(80)
        yield from self.before_end(30)
        decided(self, self.row, outcome, share=share)
        yield self.now + HOUR

    def writer_wins(self) -> Life:
        yield from self.resolved(Outcome.WRITER_WINS)

    def fined_for_nothing(self) -> Life:
        """The fine loses its ground."""
        yield from self.answered(84)
        yield from self.before_end(60)
        kind, by = FineKind.QUALITY, self.crew.staff["admin"].actor
        fine = self.act(fines.propose_fine, kind=kind, amount_minor=200, reason=texts.FINE_REASONS[kind], by=by)
        yield from self.before_end(58)
        fines.issue_fine(self.stage, fine, by=by)
        yield from self.before_end(16)
        decided(self, self.row, Outcome.WRITER_WINS)

    def client_wins(self) -> Life:
        yield from self.resolved(Outcome.CLIENT_WINS)

    def client_wins_in_part(self) -> Life:
        yield from self.resolved(Outcome.CLIENT_WINS, 0.4)

    def extended(self) -> Life:
        yield from self.resolved(Outcome.EXTEND_DEADLINE)

    def reassigned_by_it(self) -> Life:
        yield from self.resolved(Outcome.REASSIGN)

    def after_completion(self) -> Life:
        """What was earned falls with the refund."""
        yield from self.delivered(180, done_hours=150)
        yield from self.before_end(120)
        self.approve()
        yield from self.before_end(70)
        statement, by = texts.DISPUTE_STATEMENTS[0], self.client.actor
        self.row = self.act(disputes.open_dispute, by=by, reason=R.QUALITY_ISSUE.value, statement=statement)
        yield from self.before_end(60)
        answered(self, self.row, texts.DISPUTE_ANSWERS[2], with_file=True)
        yield from self.before_end(20)
        decided(self, self.row, Outcome.CLIENT_WINS, share=0.5)

    def earned_for_nothing(self) -> Life:
        """Another writer does what the first one was paid for."""
        yield from self.delivered(180, done_hours=150)
        yield from self.before_end(120)
        self.approve()
        yield from self.before_end(66)
        statement, by = texts.DISPUTE_STATEMENTS[2], self.client.actor
        self.row = self.act(disputes.open_dispute, by=by, reason=R.WRONG_FILE.value, statement=statement)
        yield from self.before_end(58)
        answered(self, self.row, texts.DISPUTE_ANSWERS[1], with_file=False)
        yield from self.before_end(18)
        decided(self, self.row, Outcome.REASSIGN)


D = DisputeScene
DISPUTES: tuple[tuple[Callable[[DisputeScene], Life], str, str], ...] = (
    (D.awaiting_writer, "client", "writer"),
    (D.awaiting_client, "client2", "writer2"),
    (D.to_forward, "client", "writer2"),
    (D.forwarded_by_itself, "client2", "writer"),
    (D.to_decide, "client", "writer"),
    (D.to_decide, "client2", "writer2"),
    (D.alike, "client", "writer3"),
    (D.alike, "client2", "writer3"),
    (D.unanswered, "client", "writer2"),
    (D.overdue, "client2", "writer"),
    (D.asked_again, "client", "writer"),
    (D.expired, "client2", "writer2"),
    (D.withdrawn, "client", "writer3"),
    (D.writer_wins, "client2", "writer"),
    (D.fined_for_nothing, "client", "writer2"),
    (D.client_wins, "client", "writer2"),
    (D.client_wins_in_part, "client2", "writer3"),
    (D.extended, "client", "writer"),
    (D.reassigned_by_it, "client2", "writer2"),
    (D.after_completion, "client", "writer"),
    (D.earned_for_nothing, "client2", "writer3"),
)
DISPUTES_OF_SCENES = len(DISPUTES)
"""Each with its order."""


def dispute_scenes(stage: Stage) -> Life:
    yield stage.end - 182 * HOUR
    for index, (scene, client, writer) in enumerate(DISPUTES):
        stage.begin(scene(DisputeScene(stage, f"dispute {index}", client, writer)))
