"""What may become of an order, drawn by chance: each status has a chapter, until nothing more happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator
from functools import partial

from copydesk.orders.models import Cause, Status
from copydesk.payments.gateway.sandbox import DECLINED, LATE, OK, TIMEOUT

from . import texts
from .contests import contested
from .crew import Member, level_of
from .deeds import DAY, HOUR, MINUTE, Deeds, swept
from .mirror import course, delivery, editing, money, papers, placement, requests, staffing
from .moderation import moderated
from .refunding import refunded
from .stage import Life

UNPAID_SWEEP = 5
APPROVE_SWEEP = 5
OFFERS_SWEEP = 1
LEASES_SWEEP = 1
ARCHIVED_AT = dt.time(3, 17)


class OrderLife(Deeds):
    """An order that is placed now."""

    def live(self) -> Life:
        self.place()
        yield from self.until_paid()
        chapters: dict[str, Callable[[], Life]] = {
            Status.AVAILABLE: self.staffed,
            Status.IN_PROGRESS: self.written,
            Status.REVISION: self.written,
            Status.EDITING: self.edited,
            Status.DELIVERED: self.answered,
            Status.DISPUTED: partial(contested, self),
            Status.COMPLETED: self.afterwards,
        }
        while (chapter := chapters.get(self.order_status)) is not None:
            yield from chapter()
        if self.order_status == Status.CANCELLED:
            yield from self.archived()
        self.settle()
        self.stage.close(self.case)

    def until_paid(self) -> Life:
        fate = self.chance.random()
        yield self.now + self.within(90 * MINUTE, min(self.left / 5, 60 * HOUR))
        if fate < 0.035:
            yield from self.expired()
        elif fate < 0.05:
            self.act(course.cancel, by=self.client.actor, reason="I do not need it any more.")
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
            paid = self.act(placement.pay_order, method="card", token=LATE, by=self.client.actor)
            yield self.now + money.SETTLED_AFTER
            self.act(placement.receive_webhook, paid)
        else:
            price = self.case.order.price_minor
            if self.happens(0.15) and self.method(price) == "card":
                amount = price // 5_000 * 5_000 + 10_000
                money.top_up(self.stage, amount_minor=amount, token=OK, by=self.client.actor)
                yield self.now + 2 * MINUTE
            self.pay()

    def expired(self) -> Life:
        yield swept(self.case.order.expires_at, UNPAID_SWEEP)
        self.act(course.expire, by=self.stage.system)

    # Given to a writer

    def staffed(self) -> Life:
        if self.left < 4 * HOUR:
            reason = "No writer could be found in time."
            self.act(course.cancel, by=self.desk(), reason=reason, cause=Cause.STAFF)
            return
        yield self.now + self.within(2 * HOUR, self.left / 8)
        way = self.chance.random()
        if way < 0.02:
            yield from self.held()
        elif way < 0.04:
            self.cancelled()
        elif way < 0.06:
            yield from self.adjusted()
        elif way < 0.26 and self.left > 8 * HOUR:
            yield from self.asked_for()
        elif writer := self.crew.some_writer(self.stage, self.case, self.chance, taking=way > 0.8):
            if way < 0.5:
                self.act(staffing.assign, writer, by=self.desk())
            elif way < 0.8:
                yield from self.offered(writer)
            elif level_of(writer).can_take:
                self.act(staffing.take, by=writer.actor)

    def asked_for(self) -> Life:
        """Some writers ask; one of them gets it, or none."""
        for _ in range(self.chance.randint(1, 4)):
            yield self.now + self.within(15 * MINUTE, HOUR)
            if writer := self.crew.some_writer(self.stage, self.case, self.chance):
                self.ask(writer)
        yield self.now + self.within(30 * MINUTE, 2 * HOUR)
        waiting = [row for row in self.case.requests if row.status == "requested"]
        if waiting and self.happens(0.15):
            first = waiting.pop(0)
            requests.withdraw_request(self.stage, first, by=self.stage.member(first.writer_id).actor)
        by = self.desk()
        if len(waiting) > 1 and self.happens(0.3):
            reason = self.chance.choice(texts.REJECT_REASONS)
            requests.reject_request(self.stage, waiting.pop(), by=by, reason=reason)
        if waiting and self.happens(0.9) and self.may_have(self.stage.member(waiting[0].writer_id)):
            requests.approve_request(self.stage, waiting[0], by=by)
            return
        for row in waiting:
            reason = self.chance.choice(texts.REJECT_REASONS)
            requests.reject_request(self.stage, row, by=by, reason=reason)

    def offered(self, writer: Member) -> Life:
        self.act(staffing.assign, writer, by=self.desk(), offer=True)
        answer = self.chance.random()
        if answer < 0.1:
            yield swept(self.case.order.offer_expires_at, OFFERS_SWEEP)
            self.act(staffing.expire_offer, by=self.stage.system)
            return
        yield self.now + self.within(30 * MINUTE, 110 * MINUTE)
        if answer < 0.13:
            self.act(staffing.release, by=self.desk(), reason="Offered by mistake.")
        elif answer < 0.25 or not self.may_have(writer):
            reason = self.chance.choice(texts.DECLINE_REASONS)
            self.act(staffing.decline_offer, by=writer.actor, reason=reason)
        else:
            self.act(staffing.accept_offer, by=writer.actor)

    # Written

    def written(self) -> Life:
        """One round, up to its submission, or to whatever comes between."""
        current = self.case.round
        assert current is not None
        pace = self.chance.triangular(0.25, 0.99, 0.8) if self.happens(0.9) else 1 + self.chance.expovariate(12)
        allotted = max(current.due_with_excuse - self.now, HOUR)
        handed_in = self.now + allotted * pace
        if self.happens(0.35):
            yield self.now + (handed_in - self.now) * 0.3
            self.talk()
        incident = self.chance.random()
        if incident < 0.235:
            yield self.now + (handed_in - self.now) * self.chance.uniform(0.2, 0.7)
            before = self.now
            if not (yield from self.goes_on_after(incident)):
                return
            handed_in += self.now - before
        if self.happens(0.15):
            yield self.now + (handed_in - self.now) * 0.6
            self.act(papers.add_file, kind="draft", content="draft", by=self.writer.actor)
        yield handed_in
        self.hand_in()

    def goes_on_after(self, incident: float) -> Generator[dt.datetime, None, bool]:
        """False where the round is over with it."""
        if incident < 0.04:
            yield from self.held()
        elif incident < 0.07:
            self.extend(texts.GRANT_REASONS, excused_hours=self.chance.choice((2, 4, 12, 24)))
        elif incident < 0.11:
            shift = self.chance.choice((-0.2, 0.3, 0.6, 1.0))
            deadline = self.now + max(self.left * (1 + shift), 6 * HOUR)
            self.extend(texts.EXTEND_REASONS, client_deadline=deadline.replace(microsecond=0))
        elif incident < 0.15:
            yield from self.adjusted()
        elif incident < 0.185:
            self.released(by_client=incident > 0.175)
        elif incident < 0.2:
            self.reassigned()
            return False
        elif incident < 0.225:
            self.cancelled()
        elif self.disputable:
            self.disputed()
        return self.order_status in (Status.IN_PROGRESS, Status.REVISION)

    def released(self, *, by_client: bool) -> None:
        self.make_time()
        if by_client:
            by, cause, reason = self.desk(), Cause.CLIENT, "The client asked for somebody else."
        else:
            by, cause, reason = self.writer.actor, None, self.chance.choice(texts.RELEASE_REASONS)
        self.act(staffing.release, by=by, cause=cause, reason=reason)

    # Delivered, and after

    def edited(self) -> Life:
        """One editor's turn; as many as it takes."""
        yield self.now + self.within(90 * MINUTE, 8 * HOUR)
        if self.happens(0.02):
            self.act(delivery.pass_work, by=self.desk())
            return
        if not self.given_to_editor():
            return
        yield self.now + self.within(10 * MINUTE, 40 * MINUTE)
        editor, fate = self.stage.member(self.task.editor_id), self.chance.random()
        if fate < 0.06:
            self.give_back(editor)
            return
        if fate < 0.09 and self.task.lease_until:
            yield swept(self.task.lease_until, LEASES_SWEEP)
            editing.expire_task(self.stage, self.task, by=self.stage.system)
            return
        others = [each for each in editing.free_editors(self.stage, self.crew) if each is not editor]
        if fate < 0.12 and others:
            former, editor = editor, self.chance.choice(others)
            reason = self.chance.choice(texts.HANDED_OVER)
            editing.hand_over_task(self.stage, self.task, editor, by=former.actor, reason=reason)
        returns = sum(row.kind == "return" for row in self.case.rounds)
        yield from self.edit(editor, returned=returns < 2 and self.happens(0.15))
        yield self.now + self.within(2 * MINUTE, 10 * MINUTE)
        editing.complete_task(self.stage, self.task, by=editor.actor)

    def answered(self) -> Life:
        answer = self.chance.random()
        revisions = sum(row.kind == "revision" for row in self.case.rounds)
        if answer < 0.36 or (answer < 0.55 and revisions > 1):
            yield swept(self.case.order.approve_at, APPROVE_SWEEP)
            self.act(delivery.approve, by=self.stage.system)
            return
        yield self.now + self.within(30 * HOUR, 6.5 * DAY)
        if answer < 0.52:
            self.revise()
        elif answer < 0.545 and self.disputable:
            self.disputed()
        elif answer < 0.555:
            self.cancelled()
        else:
            self.approve()

    def afterwards(self) -> Life:
        """Thanks, an opinion, complaints, and the archive."""
        first = self.case.order.completed_at == self.now
        if first and self.happens(0.15):
            yield self.now + self.within(10 * HOUR, 3 * DAY)
            self.tip(self.chance.choice((500, 1_000, 1_500, 2_000)))
        if self.happens(0.45) and not self.reviewed:
            yield self.now + self.within(20 * HOUR, 4 * DAY)
            yield from moderated(self.stage, self.review())
        what = self.chance.random()
        if first and what < 0.02:
            yield self.now + self.within(DAY, 4 * DAY)
            self.revise()
        elif first and what < 0.04 and self.disputable:
            yield self.now + self.within(DAY, 4 * DAY)
            self.disputed()
        else:
            if first:
                yield from refunded(self)
            yield from self.archived()

    def archived(self) -> Life:
        self.settle()
        order = self.case.order
        due = (order.completed_at or order.cancelled_at) + dt.timedelta(days=placement.POLICY.archive_days)
        at = dt.datetime.combine(due.date(), ARCHIVED_AT, dt.UTC)
        yield at if at >= due else at + DAY
        self.act(course.archive, by=self.stage.system)
