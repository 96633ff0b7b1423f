"""Plays a script that the generator took down through the real actions, on another website."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.actions import add_member, open_account
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.demo.copy import Row
from copydesk.demo.crew import Crew, Member
from copydesk.demo.mirror.adjustments import Proposal
from copydesk.demo.mirror.payouts import Batch
from copydesk.demo.stage import Case, Paid, Step
from copydesk.demo.texts import CONTENTS
from copydesk.orders.actions import (
    adjustments,
    course,
    delivery,
    files,
    messages,
    payment,
    placement,
    requests,
    staffing,
)
from copydesk.orders.models import Adjustment, Order, Request
from copydesk.orders.models.files import FileKind
from copydesk.payments import actions as payments
from copydesk.payments.errors import NothingPayable
from copydesk.payments.gateway.sandbox import webhook_about
from copydesk.payments.models import Charge, Payout
from copydesk.platform.actions import register_client, register_writer
from copydesk.reviews import actions as reviews
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_context, website_scope
from copydesk.writers import actions as writers
from copydesk.writers.models import ChoiceKind, Writer
from tests.jobs import run_jobs

PASSWORD = "copydesk-demo"


class Replay:
    """Ids of the generated rows lead to those that the actions make here, as they come."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.ids: dict[tuple[str, int], int] = {}
        self.keys = 0

    def play(self, script: list[Step]) -> None:
        for step in script:
            with time_machine.travel(step.at, tick=False):
                try:
                    getattr(self, f"do_{step.name}")(step, *step.args, **step.kwargs)
                    run_jobs()
                except Exception as error:
                    error.add_note(f"in {step.name} at {step.at}: {step.args} {step.kwargs}")
                    raise

    # What is meant by what was taken down

    def scope(self) -> AbstractContextManager[None]:
        return website_scope(self.website.pk)

    def key(self) -> str:
        self.keys += 1
        return f"again-{self.keys}"

    def actor(self, by: Actor) -> Actor:
        member_id = None if by.membership_id is None else self.ids["accounts_membership", by.membership_id]
        user_id = None if by.user_id is None else self.ids["accounts_user", by.user_id]
        return Actor(self.website, by.role, user_id=user_id, membership_id=member_id, admitted=by.admitted)

    def member(self, member: Member) -> int:
        return self.ids["accounts_membership", member.id]

    def find(self, model: Any, row: Row) -> Any:
        return model.objects.of(self.website).get(pk=self.ids[row.sheet.table, row.id])

    def order(self, case: Case) -> Order:
        return self.find(Order, case.order)  # type: ignore[no-any-return]

    def knows(self, row: Row, pk: int) -> None:
        self.ids[row.sheet.table, row.id] = pk

    def joined(self, member: Member, row: Membership) -> None:
        self.knows(member.row, row.pk)
        assert member.actor.user_id is not None
        self.ids["accounts_user", member.actor.user_id] = row.user_id

    def email(self, email: str) -> str:
        return email.partition("@")[0] + "@again.test"

    def in_scope(self, act: Callable[..., Any], subject: Callable[[], Any], *args: Any, by: Actor, **more: Any) -> Any:
        with self.scope():
            return act(subject(), *args, by=self.actor(by), **more)

    # People

    def do_employ(self, step: Step, crew: Crew, *, name: str, role: str, email: str, full_name: str, **_: Any) -> None:
        with self.scope():
            user = open_account(self.email(email), PASSWORD, full_name=full_name, verified=True)
            self.joined(crew.staff[name], add_member(self.website, user, role))  # type: ignore[arg-type]

    def do_register_client(self, step: Step, crew: Crew, *, email: str, full_name: str, **_: Any) -> None:
        with website_context(self.website.pk):
            register_client(
                self.website,
                email=self.email(email),
                password=PASSWORD,
                full_name=full_name,
                request_id="",
                address=None,
            )
        self._joined_as(step.result, email)

    def do_apply(self, step: Step, crew: Crew, *, email: str, full_name: str, password: str, **profile: Any) -> None:
        with website_context(self.website.pk):
            register_writer(
                self.website,
                email=self.email(email),
                password=PASSWORD,
                full_name=full_name,
                request_id="",
                address=None,
                **profile,
            )
        self._joined_as(step.result, email)

    def _joined_as(self, member: Member, email: str) -> None:
        with self.scope():
            user = User.objects.get(email=self.email(email))
            self.joined(member, Membership.objects.of(self.website).get(user=user))

    def writer(self, member: Member) -> Writer:
        return Writer.objects.of(self.website).get(pk=self.member(member))

    def do_approve_writer(self, step: Step, crew: Crew, writer: Member, *, by: Actor, level: str) -> None:
        self.in_scope(writers.approve_writer, lambda: self.writer(writer), by=by, level=level)

    def do_reject_writer(self, step: Step, writer: Member, *, by: Actor, reason: str) -> None:
        self.in_scope(writers.reject_writer, lambda: self.writer(writer), by=by, reason=reason)

    def do_change_level(self, step: Step, writer: Member, *, by: Actor, level: str, reason: str) -> None:
        self.in_scope(writers.change_level, lambda: self.writer(writer), by=by, level=level, reason=reason)

    def do_take_leave(self, step: Step, writer: Member, *, until: dt.datetime, reason: str) -> None:
        self.in_scope(writers.take_leave, lambda: self.writer(writer), by=writer.actor, until=until, reason=reason)

    def do_suspend_writer(self, step: Step, writer: Member, *, by: Actor, until: dt.datetime, reason: str) -> None:
        self.in_scope(writers.suspend_writer, lambda: self.writer(writer), by=by, until=until, reason=reason)

    def do_end_leave(self, step: Step, writer: Member) -> None:
        with self.scope():
            writers.turn_clock(self.website)

    do_lift_suspension = do_end_leave

    def do_choose_writer(self, step: Step, client: Member, writer: Member, kind: ChoiceKind) -> None:
        self.in_scope(writers.choose_writer, lambda: self.writer(writer), kind, by=client.actor)

    # Placed and paid

    def do_place_order(self, step: Step, form: Any, *, by: Actor, client_id: int) -> None:
        preferred = form.preferred_writer_id
        given = {name: getattr(form, name) for name in placement.OrderForm.__dataclass_fields__}
        given["preferred_writer_id"] = preferred and self.ids["accounts_membership", preferred]
        with self.scope():
            order = placement.place_order(
                placement.OrderForm(**given),
                by=self.actor(by),
                client_id=self.ids["accounts_membership", client_id],
            )
        self.knows(step.result.order, order.pk)

    def do_pay_order(self, step: Step, case: Case, *, method: str, token: str, by: Actor) -> None:
        order_id = self.ids["orders_order", case.order.id]
        with website_context(self.website.pk):
            charge = payment.pay_order(order_id, method=method, token=token, key=self.key(), by=self.actor(by))
        self.knows(step.result.charge, charge.pk)

    def do_receive_webhook(self, step: Step, case: Case, paid: Paid) -> None:
        with self.scope():
            charge = self.find(Charge, paid.charge)
        payments.receive_webhook("sandbox", *webhook_about(charge.intent))

    def do_tip(self, step: Step, case: Case, *, amount_minor: int, method: str, token: str, by: Actor) -> None:
        order_id = self.ids["orders_order", case.order.id]
        with website_context(self.website.pk):
            payment.tip(
                order_id, amount_minor=amount_minor, method=method, token=token, key=self.key(), by=self.actor(by)
            )

    def do_top_up(self, step: Step, *, amount_minor: int, token: str, by: Actor) -> None:
        with website_context(self.website.pk):
            payments.top_up(amount_minor=amount_minor, token=token, key=self.key(), by=self.actor(by))

    # Adjusted

    def do_propose_adjustment(self, step: Step, case: Case, *, by: Actor, **wanted: Any) -> None:
        row = self.in_scope(adjustments.propose_adjustment, lambda: self.order(case), by=by, **wanted)
        self.knows(step.result.row, row.pk)

    def do_accept_adjustment(self, step: Step, proposal: Proposal, *, by: Actor) -> None:
        self.in_scope(adjustments.accept_adjustment, lambda: self.find(Adjustment, proposal.row), by=by)

    def do_decline_adjustment(self, step: Step, proposal: Proposal, *, by: Actor, reason: str) -> None:
        self.in_scope(adjustments.decline_adjustment, lambda: self.find(Adjustment, proposal.row), by=by, reason=reason)

    def do_pay_adjustment(self, step: Step, proposal: Proposal, *, method: str, token: str, by: Actor) -> None:
        adjustment_id = self.ids["orders_adjustment", proposal.row.id]
        with website_context(self.website.pk):
            payment.accept_adjustment(adjustment_id, method=method, token=token, key=self.key(), by=self.actor(by))

    # Staffed

    def do_assign(self, step: Step, case: Case, writer: Member, *, by: Actor, **more: Any) -> None:
        self.in_scope(staffing.assign, lambda: self.order(case), self.member(writer), by=by, **more)

    def do_accept_offer(self, step: Step, case: Case, writer: Member) -> None:
        self.in_scope(staffing.accept_offer, lambda: self.order(case), by=writer.actor)

    def do_decline_offer(self, step: Step, case: Case, *, by: Actor, reason: str) -> None:
        self.in_scope(staffing.decline_offer, lambda: self.order(case), by=by, reason=reason)

    def do_take(self, step: Step, case: Case, writer: Member) -> None:
        self.in_scope(staffing.take, lambda: self.order(case), by=writer.actor)

    def do_release(self, step: Step, case: Case, *, by: Actor, **more: Any) -> None:
        self.in_scope(staffing.release, lambda: self.order(case), by=by, **more)

    def do_reassign(self, step: Step, case: Case, writer: Member, *, by: Actor, **more: Any) -> None:
        self.in_scope(staffing.reassign, lambda: self.order(case), self.member(writer), by=by, **more)

    def do_request_order(self, step: Step, case: Case, writer: Member, **asked: Any) -> None:
        row = self.in_scope(requests.request_order, lambda: self.order(case), by=writer.actor, **asked)
        self.knows(step.result, row.pk)

    def do_approve_request(self, step: Step, case: Case, writer: Member, row: Row, *, by: Actor) -> None:
        self.in_scope(requests.approve_request, lambda: self.find(Request, row), by=by)

    def do_reject_request(self, step: Step, case: Case, row: Row, *, by: Actor, reason: str) -> None:
        self.in_scope(requests.reject_request, lambda: self.find(Request, row), by=by, reason=reason)

    def do_withdraw_request(self, step: Step, case: Case, writer: Member, row: Row) -> None:
        self.in_scope(requests.withdraw_request, lambda: self.find(Request, row), by=writer.actor)

    # Written

    def do_add_file(self, step: Step, case: Case, *, kind: str, content: str, by: Actor) -> None:
        upload = SimpleUploadedFile(*CONTENTS[content])
        self.in_scope(files.add_file, lambda: self.order(case), upload, FileKind(kind), by=by)

    def do_write_message(self, step: Step, case: Case, *, body: str, by: Actor) -> None:
        self.in_scope(messages.write_message, lambda: self.order(case), body, by=by)

    def do_read_messages(self, step: Step, case: Case, *, by: Actor) -> None:
        self.in_scope(messages.read_messages, lambda: self.order(case), by=by)

    def do_submit(self, step: Step, case: Case, writer: Member, *, note: str) -> None:
        self.in_scope(delivery.submit, lambda: self.order(case), by=writer.actor, note=note)

    def do_pass_work(self, step: Step, case: Case, *, by: Actor) -> None:
        self.in_scope(delivery.pass_work, lambda: self.order(case), by=by)

    def do_return_work(self, step: Step, case: Case, *, by: Actor, **more: Any) -> None:
        self.in_scope(delivery.return_work, lambda: self.order(case), by=by, **more)

    def do_request_revision(self, step: Step, case: Case, writer: Member, *, by: Actor, **more: Any) -> None:
        self.in_scope(delivery.request_revision, lambda: self.order(case), by=by, **more)

    def do_approve(self, step: Step, case: Case, writer: Member, *, by: Actor) -> None:
        self.in_scope(delivery.approve, lambda: self.order(case), by=by)

    def do_submit_review(self, step: Step, crew: Crew, case: Case, client: Member, **given: Any) -> None:
        self.in_scope(reviews.submit_review, lambda: self.order(case), by=client.actor, **given)

    def do_rate_writers(self, step: Step, crew: Crew) -> None:
        with self.scope():
            reviews.rate_writers(self.website)

    # Its course changed

    def do_hold(self, step: Step, case: Case, *, by: Actor, reason: str) -> None:
        self.in_scope(course.hold, lambda: self.order(case), by=by, reason=reason)

    def do_resume(self, step: Step, case: Case, *, by: Actor) -> None:
        self.in_scope(course.resume, lambda: self.order(case), by=by)

    def do_extend_deadline(self, step: Step, case: Case, *, by: Actor, **more: Any) -> None:
        self.in_scope(course.extend_deadline, lambda: self.order(case), by=by, **more)

    def do_dispute(self, step: Step, case: Case, *, by: Actor, **more: Any) -> None:
        self.in_scope(course.dispute, lambda: self.order(case), by=by, **more)

    def do_cancel(self, step: Step, case: Case, *, by: Actor, **more: Any) -> None:
        self.in_scope(course.cancel, lambda: self.order(case), by=by, **more)

    def do_expire(self, step: Step, case: Case) -> None:
        self.in_scope(course.expire, lambda: self.order(case), by=Actor.system(self.website))

    def do_expire_offer(self, step: Step, case: Case) -> None:
        self.in_scope(staffing.expire_offer, lambda: self.order(case), by=Actor.system(self.website))

    def do_archive(self, step: Step, case: Case, *, by: Actor) -> None:
        self.in_scope(course.archive, lambda: self.order(case), by=by)

    # Paid out

    def do_prepare_payout(self, step: Step, *, by: Actor) -> None:
        try:
            with self.scope():
                payout = payments.prepare_payout(self.website, by=self.actor(by))
        except NothingPayable:
            assert step.result is None
        else:
            self.knows(step.result.payout, payout.pk)

    def do_approve_payout(self, step: Step, batch: Batch, *, by: Actor) -> None:
        self.in_scope(payments.approve_payout, lambda: self.find(Payout, batch.payout), by=by)

    def do_pay_payout(self, step: Step, batch: Batch, *, by: Actor) -> None:
        self.in_scope(payments.pay_payout, lambda: self.find(Payout, batch.payout), by=by)

    def do_cancel_payout(self, step: Step, batch: Batch, *, by: Actor, reason: str) -> None:
        self.in_scope(payments.cancel_payout, lambda: self.find(Payout, batch.payout), by=by, reason=reason)
