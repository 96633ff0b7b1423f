"""What may become of an order, drawn by chance: each status has a chapter, until nothing more happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator

from copydesk.orders.models import Cause, Status
from copydesk.payments.gateway.sandbox import DECLINED, LATE, OK, TIMEOUT

from . import texts
from .briefs import draw_brief
from .crew import Crew, Member, exclusions, level_of
from .mirror import adjustments, course, delivery, money, papers, placement, staffing
from .stage import Case, Life, Stage

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
UNPAID_SWEEP = 5
APPROVE_SWEEP = 5
ARCHIVED_AT = dt.time(3, 17)


def swept(at: dt.datetime, minutes: int) -> dt.datetime:
    """When a job that runs every so many minutes finds what is due at `at`."""
    past = dt.timedelta(minutes=at.minute % minutes, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + dt.timedelta(minutes=minutes)


class OrderLife:
    """One order of a client, from its placement at `at`. `writer`: whom staff give it to, where that is settled."""

    def __init__(
        self, stage: Stage, crew: Crew, index: object, at: dt.datetime, client: Member, writer: Member | None = None
    ) -> None:
        self.stage = stage
        self.crew = crew
        self.chance = stage.chance("order", index)
        self.at = at
        self.client = client
        self.settled_writer = writer
        self.case: Case

    def live(self) -> Life:
        yield self.at
        self.place()
        yield from self.until_paid()
        chapters: dict[str, Callable[[], Life]] = {
            Status.AVAILABLE: self.staffed,
            Status.IN_PROGRESS: self.written,
            Status.REVISION: self.written,
            Status.EDITING: self.edited,
            Status.DELIVERED: self.answered,
            Status.COMPLETED: self.afterwards,
        }
        while (chapter := chapters.get(self.order_status)) is not None:
            yield from chapter()
        if self.order_status == Status.CANCELLED:
            yield from self.archived()
        self.finish()

    # Small words of all chapters

    @property
    def order_status(self) -> str:
        return "" if self.case.order.archived_at else str(self.case.order.status)

    @property
    def now(self) -> dt.datetime:
        return self.stage.now

    @property
    def left(self) -> dt.timedelta:
        delta: dt.timedelta = self.case.order.client_deadline - self.stage.now
        return delta

    @property
    def writer(self) -> Member:
        return self.crew.by_id[self.case.order.writer_id]

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    @property
    def disputable(self) -> bool:
        """Nothing settles a dispute yet, so only late ones are opened."""
        return self.stage.end - self.now < 40 * DAY

    def within(self, mean: dt.timedelta, most: dt.timedelta) -> dt.timedelta:
        """A waiting time, at least a minute."""
        return max(min(mean * self.chance.expovariate(1), most), MINUTE)

    def finish(self) -> None:
        for row in self.case.assignments:
            self.crew.by_id[row.writer_id].cases.pop(self.case.order.id, None)
        self.stage.close(self.case)

    # Placed and paid

    def place(self) -> None:
        preferred = [writer_id for writer_id, row in self.client.chosen.items() if row.kind == "favour"]
        form = draw_brief(self.chance, self.now, self.chance.choice(preferred) if preferred else None)
        by = self.crew.desk(self.chance) if self.happens(0.03) else self.client.actor
        self.case = placement.place_order(self.stage, form, by=by, client_id=self.client.id)
        if self.happens(0.4):
            papers.upload(self.stage, self.case, kind="brief", content="brief", by=self.client.actor)

    def until_paid(self) -> Life:
        fate = self.chance.random()
        yield self.now + self.within(90 * MINUTE, min(self.left / 5, 60 * HOUR))
        if fate < 0.035:
            yield from self.expired()
        elif fate < 0.05:
            course.cancel(self.stage, self.case, by=self.client.actor, reason="I do not need it any more.")
        elif fate < 0.07:
            self.pay(DECLINED)
            yield from self.expired()
        elif fate < 0.12:
            self.pay(DECLINED)
            yield self.now + self.within(10 * MINUTE, self.left / 10)
            self.pay(OK)
        elif fate < 0.13:
            self.pay(TIMEOUT)
        elif fate < 0.14:
            paid = placement.pay_order(self.stage, self.case, method="card", token=LATE, by=self.client.actor)
            yield self.now + money.SETTLED_AFTER
            placement.receive_webhook(self.stage, self.case, paid)
        else:
            price = self.case.order.price_minor
            if self.happens(0.15) and money.wallet_minor(self.stage, self.client.id) < price:
                amount = price // 5_000 * 5_000 + 10_000
                money.top_up(self.stage, amount_minor=amount, token=OK, by=self.client.actor)
                yield self.now + 2 * MINUTE
            self.pay()

    def expired(self) -> Life:
        yield swept(self.case.order.expires_at, UNPAID_SWEEP)
        course.expire(self.stage, self.case)

    def pay(self, token: str = "") -> None:
        """By what the token says; without one from the wallet where it suffices."""
        suffices = money.wallet_minor(self.stage, self.client.id) >= self.case.order.price_minor
        method = "wallet" if not token and suffices else "card"
        placement.pay_order(self.stage, self.case, method=method, token=token or OK, by=self.client.actor)

    # Given to a writer

    def staffed(self) -> Life:
        if self.left < 4 * HOUR:
            course.cancel(
                self.stage,
                self.case,
                by=self.crew.desk(self.chance),
                reason="No writer could be found in time.",
                cause=Cause.STAFF,
            )
            return
        yield self.now + self.within(2 * HOUR, self.left / 8)
        way = self.chance.random()
        if way < 0.02:
            yield from self.held()
        elif way < 0.04:
            self.cancelled()
        elif way < 0.06:
            yield from self.adjusted()
        elif writer := self.settled_writer or self.crew.some_writer(
            self.stage, self.case, self.chance, taking=way > 0.8
        ):
            if exclusions(self.stage, self.case, writer, self.client):
                self.settled_writer = None
            elif way < 0.4:
                staffing.assign(self.stage, self.case, writer, by=self.crew.desk(self.chance))
            elif way < 0.8:
                yield from self.offered(writer)
            elif level_of(writer).can_take:
                staffing.take(self.stage, self.case, writer)

    def offered(self, writer: Member) -> Life:
        staffing.assign(self.stage, self.case, writer, by=self.crew.desk(self.chance), offer=True)
        answer = self.chance.random()
        expires_at = self.case.order.offer_expires_at
        if answer < 0.1:
            yield swept(expires_at, 1)
            staffing.expire_offer(self.stage, self.case)
            return
        yield self.now + self.within(30 * MINUTE, 110 * MINUTE)
        if answer < 0.13:
            by = self.crew.desk(self.chance)
            staffing.release(self.stage, self.case, by=by, reason="Offered by mistake.")
        elif answer < 0.25 or exclusions(self.stage, self.case, writer, self.client):
            reason = self.chance.choice(texts.DECLINE_REASONS)
            staffing.decline_offer(self.stage, self.case, by=writer.actor, reason=reason)
        else:
            staffing.accept_offer(self.stage, self.case, writer)

    # Written

    def written(self) -> Life:
        """One round, up to its submission, or to whatever comes between."""
        current = self.case.round
        assert current is not None
        pace = self.chance.triangular(0.25, 0.99, 0.8) if self.happens(0.9) else 1 + self.chance.expovariate(12)
        allotted = max(current.due_at + current.excused - self.now, HOUR)
        handed_in = self.now + allotted * pace
        if self.happens(0.35):
            yield self.now + (handed_in - self.now) * 0.3
            self.talk()
        incident = self.chance.random()
        if incident < 0.235:
            yield self.now + (handed_in - self.now) * self.chance.uniform(0.2, 0.7)
            before = self.now
            if not (yield from self.interrupted(incident)):
                return
            handed_in += self.now - before
        if self.happens(0.15):
            yield self.now + (handed_in - self.now) * 0.6
            papers.upload(self.stage, self.case, kind="draft", content="draft", by=self.writer.actor)
        yield handed_in
        revised = current.kind == "revision"
        content = "revision" if revised else "final" if len(self.case.rounds) == 1 else "final2"
        papers.upload(
            self.stage, self.case, kind="revision" if revised else "final", content=content, by=self.writer.actor
        )
        if self.happens(0.2):
            papers.upload(self.stage, self.case, kind="source", content="sources", by=self.writer.actor)
        yield self.now + MINUTE
        note = "The changes are marked in the text." if revised else ""
        delivery.submit(self.stage, self.case, self.writer, note=note)

    def interrupted(self, which: float) -> Generator[dt.datetime, None, bool]:
        """False where the round is over with it."""
        if which < 0.04:
            yield from self.held()
        elif which < 0.07:
            hours = self.chance.choice((2, 4, 12, 24))
            self.extend(texts.GRANT_REASONS, excused_hours=hours)
        elif which < 0.11:
            shift = self.chance.choice((-0.2, 0.3, 0.6, 1.0))
            deadline = self.now + max(self.left * (1 + shift), 6 * HOUR)
            self.extend(texts.EXTEND_REASONS, client_deadline=deadline.replace(microsecond=0))
        elif which < 0.15:
            yield from self.adjusted()
        elif which < 0.175:
            reason = self.chance.choice(texts.RELEASE_REASONS)
            self.make_time()
            staffing.release(self.stage, self.case, by=self.writer.actor, reason=reason)
        elif which < 0.185:
            self.make_time()
            by = self.crew.desk(self.chance)
            staffing.release(
                self.stage, self.case, by=by, cause=Cause.CLIENT, reason="The client asked for somebody else."
            )
        elif which < 0.2:
            self.reassigned()
        elif which < 0.225:
            self.cancelled()
        elif self.disputable:
            self.disputed()
        return which < 0.15 or self.order_status in (Status.IN_PROGRESS, Status.REVISION)

    def reassigned(self) -> None:
        self.make_time()
        writer = self.crew.some_writer(self.stage, self.case, self.chance)
        if writer is None or writer is self.writer:
            return
        staffing.reassign(
            self.stage,
            self.case,
            writer,
            by=self.crew.desk(self.chance),
            cause=Cause.WRITER,
            reason=self.chance.choice(texts.REASSIGN_REASONS),
        )

    def make_time(self) -> None:
        """The next writer needs some."""
        if self.left < 12 * HOUR:
            self.extend(texts.EXTEND_REASONS, client_deadline=self.now + 2 * DAY)

    def extend(
        self, reasons: tuple[str, ...], *, client_deadline: dt.datetime | None = None, excused_hours: int = 0
    ) -> None:
        course.extend_deadline(
            self.stage,
            self.case,
            by=self.crew.desk(self.chance),
            reason=self.chance.choice(reasons),
            client_deadline=client_deadline,
            excused_hours=excused_hours,
        )

    def held(self) -> Life:
        reason = self.chance.choice(texts.HOLD_REASONS)
        course.hold(self.stage, self.case, by=self.crew.desk(self.chance), reason=reason)
        yield self.now + self.within(20 * HOUR, max(self.left / 3, 2 * HOUR))
        course.resume(self.stage, self.case, by=self.crew.desk(self.chance))

    def adjusted(self) -> Life:
        """Proposed by the client or the desk; accepted, paid, or declined."""
        order = self.case.order
        less = order.pages > 3 and self.happens(0.25)
        by_client = self.happens(0.5)
        proposer = self.client.actor if by_client else self.crew.desk(self.chance)
        proposal = adjustments.propose_adjustment(
            self.stage,
            self.case,
            by=proposer,
            pages=order.pages - 1 if less else order.pages + self.chance.randint(1, 3),
            reason=self.chance.choice(texts.ADJUST_REASONS),
        )
        yield self.now + self.within(HOUR, max(self.left / 8, 30 * MINUTE))
        if self.happens(0.2):
            by = self.crew.desk(self.chance) if by_client else self.client.actor
            adjustments.decline_adjustment(self.stage, proposal, by=by, reason="Not now.")
            return
        if by_client:
            adjustments.accept_adjustment(self.stage, proposal, by=self.crew.desk(self.chance))
            if proposal.row.status == "accepted":
                return
            yield self.now + self.within(20 * MINUTE, 2 * HOUR)
        suffices = money.wallet_minor(self.stage, self.client.id) >= proposal.row.difference_minor
        adjustments.pay_adjustment(
            self.stage, proposal, method="wallet" if suffices else "card", token=OK, by=self.client.actor
        )

    def cancelled(self) -> None:
        causes = [Cause.CLIENT, Cause.CLIENT, Cause.CLIENT, Cause.STAFF, Cause.WRITER]
        cause = self.chance.choice(causes if self.case.order.writer_id else causes[:-1])
        reason = self.chance.choice(texts.CANCEL_REASONS)
        course.cancel(self.stage, self.case, by=self.crew.desk(self.chance), reason=reason, cause=cause)

    def disputed(self) -> None:
        course.dispute(
            self.stage,
            self.case,
            by=self.client.actor,
            dispute_reason=self.chance.choice(("quality_issue", "missed_instructions", "late_delivery", "wrong_file")),
            statement=self.chance.choice(texts.DISPUTE_STATEMENTS),
        )

    def talk(self) -> None:
        """A question, mostly an answer, and who has read it."""
        pairs = [(self.client, texts.CLIENT_MESSAGES), (self.writer, texts.WRITER_MESSAGES)]
        if self.happens(0.5):
            pairs.reverse()
        for member, bodies in pairs[: 1 if self.happens(0.3) else 2]:
            leaks = self.happens(0.03)
            body = self.chance.choice(texts.LEAKING_MESSAGES if leaks else bodies)
            papers.post_message(self.stage, self.case, body=body, by=member.actor)
        for member, _ in pairs:
            if self.happens(0.8):
                papers.read_messages(self.stage, self.case, by=member.actor)

    # Delivered, and after

    def edited(self) -> Life:
        yield self.now + self.within(3 * HOUR, 20 * HOUR)
        editor = self.crew.editor(self.chance)
        returns = sum(row.kind == "return" for row in self.case.rounds)
        if returns < 2 and self.happens(0.15):
            reason = self.chance.choice(texts.RETURN_REASONS)
            changes = self.chance.sample(texts.CHANGES, 2)
            delivery.return_work(self.stage, self.case, by=editor, reason=reason, changes_required=changes)
        else:
            delivery.pass_work(self.stage, self.case, by=editor)

    def answered(self) -> Life:
        answer = self.chance.random()
        revisions = sum(row.kind == "revision" for row in self.case.rounds)
        if answer < 0.36 or (answer < 0.55 and revisions > 1):
            yield swept(self.case.order.approve_at, APPROVE_SWEEP)
            delivery.approve(self.stage, self.case, self.writer, by=self.stage.system)
            return
        yield self.now + self.within(30 * HOUR, 6.5 * DAY)
        if answer < 0.52:
            self.revise()
        elif answer < 0.545 and self.disputable:
            self.disputed()
        elif answer < 0.555:
            self.cancelled()
        else:
            delivery.approve(self.stage, self.case, self.writer, by=self.client.actor)

    def revise(self) -> None:
        staff = self.happens(0.12)
        delivery.request_revision(
            self.stage,
            self.case,
            self.writer,
            by=self.crew.desk(self.chance) if staff else self.client.actor,
            reason=self.chance.choice(texts.REVISION_REASONS),
            severity=self.chance.choice(("minor", "minor", "major")),
            changes_required=self.chance.sample(texts.CHANGES, self.chance.randint(1, 2)),
            cause=Cause.CLIENT if staff and self.happens(0.5) else Cause.WRITER,
            due_at=self.now + 2 * DAY if staff else None,
        )

    def afterwards(self) -> Life:
        """Thanks, complaints, and the archive."""
        what = self.chance.random()
        first = self.case.order.completed_at == self.now
        if first and what < 0.15:
            yield self.now + self.within(10 * HOUR, 3 * DAY)
            amount = self.chance.choice((500, 1_000, 1_500, 2_000))
            suffices = money.wallet_minor(self.stage, self.client.id) >= amount
            method = "wallet" if suffices else "card"
            placement.tip(self.stage, self.case, amount_minor=amount, method=method, token=OK, by=self.client.actor)
        elif first and what < 0.17:
            yield self.now + self.within(DAY, 4 * DAY)
            self.revise()
            return
        elif first and what < 0.19 and self.disputable:
            yield self.now + self.within(2 * DAY, 10 * DAY)
            self.disputed()
            return
        yield from self.archived()

    def archived(self) -> Life:
        order = self.case.order
        due = (order.completed_at or order.cancelled_at) + dt.timedelta(days=placement.POLICY.archive_days)
        at = dt.datetime.combine(due.date(), ARCHIVED_AT, dt.UTC)
        yield at if at >= due else at + DAY
        course.archive(self.stage, self.case, by=self.stage.system)
