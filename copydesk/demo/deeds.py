"""What the people of one order do, one deed at a time; lives.py draws them by chance, scenes.py by plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from copydesk.accounts.actor import Actor
from copydesk.editing.models import Verdict
from copydesk.orders.models import Cause
from copydesk.payments.gateway.sandbox import OK
from copydesk.reviews.models import Target

from . import texts
from .briefs import draw_brief
from .copy import Row
from .crew import Member, excluded, level_of
from .mirror import (
    adjustments,
    course,
    delivery,
    disputes,
    editing,
    money,
    papers,
    placement,
    requests,
    reviews,
    staffing,
)
from .stage import Case, Life, Stage

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
P = ParamSpec("P")
R = TypeVar("R")


def swept(at: dt.datetime, minutes: int) -> dt.datetime:
    """When a job that runs every so many minutes finds what is due at `at`."""
    past = dt.timedelta(minutes=at.minute % minutes, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + dt.timedelta(minutes=minutes)


class Deeds:
    """One order of `client`; `index` names its chances."""

    case: Case
    reviewed = False

    def __init__(self, stage: Stage, index: object, client: Member) -> None:
        self.stage = stage
        self.crew = stage.crew
        self.chance = stage.chance("order", index)
        self.client = client

    @property
    def order_status(self) -> str:
        """Empty once it is archived."""
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
        return self.stage.member(self.case.order.writer_id)

    @property
    def disputable(self) -> bool:
        over = self.case.order.dispute_until
        return over is None or self.now < over

    def desk(self) -> Actor:
        return self.crew.desk(self.chance)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def within(self, mean: dt.timedelta, most: dt.timedelta) -> dt.timedelta:
        """A waiting time, at least a minute."""
        return max(min(mean * self.chance.expovariate(1), most), MINUTE)

    def may_have(self, writer: Member) -> bool:
        return not excluded(self.stage, self.case, writer, self.client)

    def settle(self) -> None:
        """Nothing more happens but the archive, months from now: most of what there is of it is sent."""
        for row in self.case.assignments:
            self.stage.member(row.writer_id).cases.pop(self.case.order.id, None)
        self.case = self.stage.settle(self.case)

    def place(self, **wanted: Any) -> None:
        preferred = [writer_id for writer_id, row in self.client.chosen.items() if row.kind == "favour"]
        form = draw_brief(self.chance, self.now, self.chance.choice(preferred) if preferred else None)
        by = self.desk() if self.happens(0.03) else self.client.actor
        self.case = placement.place_order(self.stage, replace(form, **wanted), by=by, client_id=self.client.id)
        self.stage.recent.append(self.case.order)
        if self.happens(0.4):
            self.act(papers.add_file, kind="brief", content="brief", by=self.client.actor)

    def act(self, deed: Callable[Concatenate[Stage, Case, P], R], *args: P.args, **given: P.kwargs) -> R:
        """A mirrored action on this order."""
        return deed(self.stage, self.case, *args, **given)

    def pay(self, token: str = "") -> None:
        """By what the token says; without one from the wallet where it suffices."""
        method = self.method(self.case.order.price_minor) if not token else "card"
        self.act(placement.pay_order, method=method, token=token or OK, by=self.client.actor)

    def method(self, amount_minor: int) -> str:
        return "wallet" if money.wallet_minor(self.stage, self.client.id) >= amount_minor else "card"

    def tip(self, amount_minor: int) -> None:
        method = self.method(amount_minor)
        self.act(placement.tip, amount_minor=amount_minor, method=method, token=OK, by=self.client.actor)

    def ask(self, writer: Member) -> None:
        """The writer asks for the order, where that is allowed; one in five names its price."""
        open_requests = [row for row in writer.requests if row.status == "requested"]
        writer.requests = open_requests
        if len(open_requests) >= level_of(writer).max_open_requests or not self.may_have(writer):
            return
        if any(row.order_id == self.case.order.id for row in open_requests):
            return
        level_pay = level_of(writer).pay_minor(pages=self.case.order.pages, price_minor=self.case.order.price_minor)
        self.act(
            requests.request_order,
            message=self.chance.choice(texts.REQUEST_MESSAGES),
            bid_minor=level_pay * 9 // 10 if level_pay > 1_000 and self.happens(0.2) else None,
            by=writer.actor,
        )

    def reassigned(self, writer: Member | None = None) -> None:
        self.make_time()
        writer = writer or self.crew.some_writer(self.stage, self.case, self.chance)
        if writer is None or writer is self.writer:
            return
        reason = self.chance.choice(texts.REASSIGN_REASONS)
        self.act(staffing.reassign, writer, by=self.desk(), cause=Cause.WRITER, reason=reason)

    def make_time(self) -> None:
        """The next writer needs some."""
        if self.left < 12 * HOUR:
            self.extend(texts.EXTEND_REASONS, client_deadline=self.now + 2 * DAY)

    def extend(self, reasons: Sequence[str], **given: Any) -> None:
        """`client_deadline` or `excused_hours`."""
        self.act(course.extend_deadline, by=self.desk(), reason=self.chance.choice(reasons), **given)

    def hold(self) -> None:
        self.act(course.hold, reason=self.chance.choice(texts.HOLD_REASONS), by=self.desk())

    def held(self) -> Life:
        self.hold()
        yield self.now + self.within(20 * HOUR, max(self.left / 3, 2 * HOUR))
        self.act(course.resume, by=self.desk())

    def propose(self, *, by_client: bool, **wanted: Any) -> Row:
        return self.act(
            adjustments.propose_adjustment,
            by=self.client.actor if by_client else self.desk(),
            reason=self.chance.choice(texts.ADJUST_REASONS),
            **(wanted or self.another_size()),
        )

    def another_size(self) -> dict[str, int]:
        order = self.case.order
        if order.slides:
            return {"slides": order.slides + self.chance.randint(1, 5)}
        less = order.pages > 3 and self.happens(0.25)
        return {"pages": order.pages - 1 if less else order.pages + self.chance.randint(1, 3)}

    def adjusted(self) -> Life:
        """Proposed by the client or the desk; accepted, paid, or declined, or the order ends with it. Not of what was
        completed before."""
        if self.case.order.completed_at:
            return
        by_client = self.happens(0.5)
        sooner = self.left > 30 * HOUR and self.happens(0.15)
        deadline = (self.now + self.left * 0.7).replace(microsecond=0)
        adjustment = self.propose(by_client=by_client, **({"client_deadline": deadline} if sooner else {}))
        yield self.now + self.within(HOUR, max(self.left / 8, 30 * MINUTE))
        answer = self.chance.random()
        if answer < 0.05:
            self.cancelled()
            return
        if answer < 0.2:
            by = self.desk() if by_client else self.client.actor
            adjustments.decline_adjustment(self.stage, adjustment, by=by, reason="Not now.")
            return
        if by_client:
            adjustments.accept_adjustment(self.stage, adjustment, by=self.desk())
            if adjustment.status == "accepted":
                return
            yield self.now + self.within(20 * MINUTE, 2 * HOUR)
        self.pay_change(adjustment)

    def pay_change(self, adjustment: Row) -> None:
        method = self.method(adjustment.difference_minor)
        adjustments.pay_adjustment(self.stage, adjustment, method=method, token=OK, by=self.client.actor)

    def cancelled(self, cause: Cause | None = None) -> None:
        causes = [Cause.CLIENT, Cause.CLIENT, Cause.CLIENT, Cause.STAFF, Cause.WRITER]
        cause = cause or self.chance.choice(causes if self.case.order.writer_id else causes[:-1])
        self.act(course.cancel, by=self.desk(), reason=self.chance.choice(texts.CANCEL_REASONS), cause=cause)

    def disputed(self) -> Row:
        return self.act(
            disputes.open_dispute,
            by=self.client.actor,
            reason=self.chance.choice(("quality_issue", "missed_instructions", "late_delivery", "wrong_file")),
            statement=self.chance.choice(texts.DISPUTE_STATEMENTS),
        )

    def talk(self) -> None:
        """A question, mostly an answer, and who has read it."""
        pairs = [(self.client, texts.CLIENT_MESSAGES), (self.writer, texts.WRITER_MESSAGES)]
        if self.happens(0.5):
            pairs.reverse()
        for member, bodies in pairs[: 1 if self.happens(0.3) else 2]:
            self.say(member, texts.LEAKING_MESSAGES if self.happens(0.03) else bodies)
        for member, _ in pairs:
            if self.happens(0.8):
                self.act(papers.read_messages, by=member.actor)

    def say(self, member: Member, bodies: Sequence[str]) -> None:
        self.act(papers.write_message, body=self.chance.choice(bodies), by=member.actor)

    def hand_in(self) -> None:
        """The round's file, and the round."""
        current = self.case.round
        assert current is not None
        revised = current.kind == "revision"
        content = "revision" if revised else "final" if len(self.case.rounds) == 1 else "final2"
        kind = "revision" if revised else "final"
        by = self.writer.actor
        if current.kind == "return":
            for row in self.case.changes:
                if row.status == "open" and self.happens(0.9):
                    editing.tick_change(self.stage, row, by=by)
        self.act(papers.add_file, kind=kind, content=content, by=by)
        if self.happens(0.2):
            self.act(papers.add_file, kind="source", content="sources", by=by)
        self.act(delivery.submit, note="The changes are marked in the text." if revised else "", by=by)

    def edit(self, editor: Member, *, returned: bool) -> Life:
        """The task that the editor has: looked at, and decided within the hour that a claim lasts."""
        task, by = self.task, editor.actor
        editing.start_task(self.stage, task, by=by)
        for row in self.case.changes:
            if row.status == "ticked":
                editing.confirm_change(self.stage, row, by=by)
        yield self.now + self.within(20 * MINUTE, 50 * MINUTE)
        corrected = self.happens(0.25)
        files = [self.act(editing.add_marked_file, content="draft", by=by)] if corrected else []
        found = self.chance.sample(
            sorted(texts.ISSUES), self.chance.randint(2, 3) if returned else self.chance.choice((0, 0, 1))
        )
        editing.submit_task(
            self.stage,
            task,
            by=by,
            quality_score=self.chance.randint(3, 6)
            if returned
            else self.chance.choices((7, 8, 9, 10), (3, 4, 3, 1))[0],
            verdict=Verdict.RETURN if returned else Verdict.APPROVE,
            notes=self.chance.choice(texts.RETURN_REASONS if returned else texts.EDITING_NOTES),
            corrections=self.chance.choice(texts.CORRECTIONS) if corrected else "",
            issues=[
                {"criterion": code, "severity": "major" if returned else "minor", "text": texts.ISSUES[code]}
                for code in found
            ],
            changes_required=self.chance.sample(texts.CHANGES, 2) if returned else [],
            files=files,
        )

    @property
    def task(self) -> Row:
        task = self.case.task
        assert task is not None
        return task

    def given_to_editor(self) -> bool:
        """Claimed, or assigned by the desk, or to whoever has least to do; False where nobody may have it."""
        free = [
            editor
            for editor in editing.free_editors(self.stage, self.crew)
            if (self.task.id, editor.id) not in self.case.rejected
        ]
        if not free:
            return False
        editor, way = self.chance.choice(free), self.chance.random()
        if way < 0.65:
            editing.claim_task(self.stage, self.task, by=editor.actor)
        elif way < 0.8 or editing.least_loaded(self.stage, self.task) is None:
            editing.assign_task(self.stage, self.task, by=self.desk(), editor_id=editor)
        else:
            editing.assign_task(self.stage, self.task, by=self.desk())
        return True

    def give_back(self, editor: Member) -> None:
        reason = self.chance.choice(texts.GIVEN_BACK)
        give = editing.unclaim_task if self.task.assignment_type == "claimed" else editing.reject_task
        give(self.stage, self.task, by=editor.actor, reason=reason)

    def approve(self) -> None:
        self.act(delivery.approve, by=self.client.actor)

    def revise(self) -> None:
        """Wanted by the client, or by staff, whom no window binds."""
        staff = self.happens(0.12) or self.now >= self.case.order.revision_until
        self.act(
            delivery.request_revision,
            by=self.desk() if staff else self.client.actor,
            reason=self.chance.choice(texts.REVISION_REASONS),
            severity=self.chance.choice(("minor", "minor", "major")),
            changes_required=self.chance.sample(texts.CHANGES, self.chance.randint(1, 2)),
            cause=Cause.CLIENT if staff and self.happens(0.5) else Cause.WRITER,
            due_at=self.now + 2 * DAY if staff else None,
        )

    def review(self) -> Row:
        """Late work is liked less. Some write more than belongs there."""
        late = any(row.submitted_at > row.due_with_excuse for row in self.case.rounds if row.submitted_at)
        stars = self.chance.choices((5, 4, 3, 2, 1), (10, 25, 35, 20, 10) if late else (55, 28, 10, 4, 3))[0]
        target = self.chance.choice((Target.ORDER, Target.ORDER, Target.ORDER, Target.WRITER, Target.WEBSITE))
        text = self.chance.choice(texts.REVIEWS[stars])
        if self.stage.chance("more", self.case.order.id).random() < 0.04:
            text += texts.REVIEW_CONTACT
        self.reviewed = True
        return self.act(reviews.submit_review, target=target, rating=stars, text=text, by=self.client.actor)
