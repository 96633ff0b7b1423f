"""Plays a script that the generator took down through the real actions, on another website."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.actions import add_member, open_account
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Role
from copydesk.demo.copy import Row
from copydesk.demo.crew import Member
from copydesk.demo.mirror.payouts import Batch
from copydesk.demo.stage import Case, Paid, Step
from copydesk.demo.texts import CONTENTS
from copydesk.disputes import actions as disputes
from copydesk.editing.actions import profiles as editors
from copydesk.editing.actions import reviews as editing
from copydesk.editing.actions import tasks
from copydesk.editing.models import EditingTask, RequiredChange
from copydesk.fines import actions as fines
from copydesk.fines.models import Fine
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
from copydesk.orders.models.files import FileKind
from copydesk.payments import actions as payments
from copydesk.payments.errors import NothingPayable
from copydesk.payments.gateway.sandbox import webhook_about
from copydesk.platform.actions import register_client, register_writer
from copydesk.refunds import actions as refunds
from copydesk.refunds.actions import executing
from copydesk.reviews import actions as reviews
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_context, website_scope
from copydesk.tickets.actions import clocks as ticket_clocks
from copydesk.tickets.actions import course as ticket_course
from copydesk.tickets.actions import desk, escalating, issues, opening, talking
from copydesk.tickets.models import Escalation
from copydesk.writers import actions as writers
from tests.jobs import run_jobs

PASSWORD = "copydesk-demo"
MODULES = (
    *(course, delivery, staffing, requests, adjustments, messages, reviews),
    *(refunds, executing, fines, payments, writers),
)
TICKETS = (ticket_clocks, ticket_course, desk, escalating, issues, opening, talking)
"""Where the actions are that steps name. They are called as their mirrors were, but for those with a method below."""


EDITING = {
    **{
        f"{name}_task": getattr(tasks, name)
        for name in ("claim", "assign", "start", "reject", "unclaim", "expire", "hand_over")
    },
    **{f"{name}_task": getattr(editing, name) for name in ("submit", "complete")},
    **{f"{name}_change": getattr(editing, name) for name in ("tick", "confirm")},
}
"""Steps with names of their own, because other domains have actions of the same."""


class Replay:
    """Ids of the generated rows lead to those that the actions make here, as they come."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.ids: dict[tuple[str, int], int] = {}
        self.keys = 0

    def play(self, script: list[Step]) -> None:
        for step in script:
            play = getattr(self, f"do_{step.name}", self.act)
            with time_machine.travel(step.at, tick=False):
                try:
                    play(step, *step.args, **step.kwargs)
                    run_jobs()
                except Exception as error:
                    error.add_note(f"in {step.name} at {step.at}: {step.args} {step.kwargs}")
                    raise

    def act(self, step: Step, *args: Any, **given: Any) -> None:
        found = (getattr(each, step.name) for each in (*MODULES, *TICKETS) if hasattr(each, step.name))
        action: Callable[..., Any] = EDITING.get(step.name) or next(found)
        with self.scope():
            made = action(*map(self.meant, args), **{name: self.meant(value) for name, value in given.items()})
        if isinstance(step.result, Row):
            self.knows(step.result, made.pk)

    # What is meant by what was taken down

    def meant(self, value: Any) -> Any:
        if isinstance(value, Actor):
            return self.actor(value)
        if isinstance(value, Member):
            return self.here(value.row)
        if isinstance(value, Case):
            return self.find(value.order)
        if isinstance(value, Batch):
            return self.find(value.payout)
        if isinstance(value, list):
            return [self.here(each) if isinstance(each, Row) else each for each in value]
        return self.find(value) if isinstance(value, Row) else value

    def actor(self, by: Actor) -> Actor:
        member_id = None if by.membership_id is None else self.ids["accounts_membership", by.membership_id]
        user_id = None if by.user_id is None else self.ids["accounts_user", by.user_id]
        return Actor(self.website, by.role, user_id=user_id, membership_id=member_id, admitted=by.admitted)

    def find(self, row: Row) -> Any:
        model: Any = row.sheet.model
        return model.objects.of(self.website).get(pk=self.here(row))

    def here(self, row: Row) -> int:
        if (row.sheet.table, row.id) not in self.ids:
            self.knows(row, self._made_aside(row))
        return self.ids[row.sheet.table, row.id]

    def knows(self, row: Row, pk: int) -> None:
        self.ids[row.sheet.table, row.id] = pk

    def _made_aside(self, row: Row) -> int:
        """What no step gave: the task that a job opened, what a review brought with it."""
        if row.sheet.model is EditingTask:
            tasks = EditingTask.objects.of(self.website).filter(order_id=self.here(row.order))
            return tasks.open().get().pk
        if row.sheet.model is Fine:
            fines_of = Fine.objects.of(self.website).filter(order_id=self.ids["orders_order", row.order_id])
            return fines_of.get(kind=row.kind, source=row.source).pk
        if row.sheet.model is Escalation:
            made = Escalation.objects.of(self.website).filter(ticket_id=self.here(row.ticket), level=row.level)
            return made.get().pk
        assert row.sheet.model is RequiredChange
        task_id = self.here(row.review.task)
        return RequiredChange.objects.of(self.website).get(review__task_id=task_id, position=row.position).pk

    def scope(self) -> AbstractContextManager[None]:
        return website_scope(self.website.pk)

    # People

    def email(self, email: str) -> str:
        return email.partition("@")[0] + "@again.test"

    def joined(self, member: Member, row: Membership) -> None:
        for made in filter(None, (member.row, member.profile)):
            self.knows(made, row.pk)
        assert member.actor.user_id is not None
        self.ids["accounts_user", member.actor.user_id] = row.user_id

    def do_employ(self, step: Step, *, name: str, role: Role, email: str, full_name: str, **_: Any) -> None:
        with self.scope():
            user = open_account(self.email(email), PASSWORD, full_name=full_name, verified=True)
            self.joined(step.result, add_member(self.website, user, role))

    def do_register_client(self, step: Step, **given: Any) -> None:
        self._register(register_client, step.result, **given)

    def do_apply(self, step: Step, **given: Any) -> None:
        self._register(register_writer, step.result, **given)

    def _register(self, action: Callable[..., None], member: Member, *, email: str, **given: Any) -> None:
        given |= {"email": self.email(email), "password": PASSWORD, "request_id": "", "address": None}
        with website_context(self.website.pk):
            action(self.website, **given)
        with self.scope():
            user = User.objects.get(email=self.email(email))
            self.joined(member, Membership.objects.of(self.website).get(user=user))

    def do_turn_clock(self, step: Step, profile: Row) -> None:
        with self.scope():
            writers.turn_clock(self.website)

    def do_lift_shadow(self, step: Step, review: Row) -> None:
        with self.scope():
            reviews.lift_shadows(self.website)

    def do_rate_writers(self, step: Step) -> None:
        with self.scope():
            reviews.rate_writers(self.website)

    def do_propose_fine(self, step: Step, case: Case, *, by: Actor, **given: Any) -> None:
        with self.scope():
            fine = fines.propose_fine(order=self.find(case.order), by=self.actor(by), **given)
        self.knows(step.result, fine.pk)

    # Placed and paid

    def do_place_order(self, step: Step, form: placement.OrderForm, *, by: Actor, client_id: int) -> None:
        if form.preferred_writer_id:
            form = replace(form, preferred_writer_id=self.ids["accounts_membership", form.preferred_writer_id])
        with self.scope():
            client_id = self.ids["accounts_membership", client_id]
            order = placement.place_order(form, by=self.actor(by), client_id=client_id)
        self.knows(step.result.order, order.pk)

    def do_pay_order(self, step: Step, case: Case, **given: Any) -> None:
        charge = self._pay(payment.pay_order, case.order, **given)
        self.knows(step.result.charge, charge.pk)

    def do_tip(self, step: Step, case: Case, **given: Any) -> None:
        self._pay(payment.tip, case.order, **given)

    def do_pay_adjustment(self, step: Step, adjustment: Row, **given: Any) -> None:
        self._pay(payment.accept_adjustment, adjustment, **given)

    def do_top_up(self, step: Step, **given: Any) -> None:
        self._pay(payments.top_up, **given)

    def _pay(self, action: Callable[..., Any], *rows: Row, by: Actor, **given: Any) -> Any:
        self.keys += 1
        with website_context(self.website.pk):
            return action(*map(self.here, rows), key=f"again-{self.keys}", by=self.actor(by), **given)

    def do_receive_webhook(self, step: Step, case: Case, paid: Paid) -> None:
        with self.scope():
            charge = self.find(paid.charge)
        payments.receive_webhook("sandbox", *webhook_about(charge.intent))

    def do_add_file(self, step: Step, case: Case, *, kind: str, content: str, by: Actor) -> None:
        upload = SimpleUploadedFile(*CONTENTS[content])
        with self.scope():
            added = files.add_file(self.find(case.order), upload, FileKind(kind), by=self.actor(by))
        self.knows(step.result, added.pk)

    def do_add_marked_file(self, step: Step, case: Case, *, content: str, by: Actor) -> None:
        upload = SimpleUploadedFile(*CONTENTS[content])
        with self.scope():
            added = editing.add_file(self.find(case.order), upload, FileKind.DRAFT, by=self.actor(by))
        self.knows(step.result, added.pk)

    def do_change_editor(self, step: Step, editor: Member, *, by: Actor, **given: Any) -> None:
        with self.scope():
            editors.change_profile(self.find(editor.row), by=self.actor(by), **given)

    # Disputes

    def do_open_dispute(self, step: Step, case: Case, *, by: Actor, **given: Any) -> None:
        with self.scope():
            made = disputes.open_dispute(self.find(case.order), by=self.actor(by), **given)
        self.knows(step.result, made.pk)

    def do_respond_to_dispute(
        self, step: Step, case: Case, row: Row, *, by: Actor, contents: Sequence[str] = (), **given: Any
    ) -> None:
        uploads = [SimpleUploadedFile(*CONTENTS[content]) for content in contents]
        self._dispute(disputes.respond, row, by, uploads=uploads, **given)

    def do_withdraw_dispute(self, step: Step, case: Case, row: Row, *, by: Actor, **given: Any) -> None:
        self._dispute(disputes.withdraw_dispute, row, by, **given)

    def do_keep_time(self, step: Step, case: Case, row: Row, *, by: Actor) -> None:
        self._dispute(disputes.keep_time, row, by)

    def do_resolve_dispute(self, step: Step, case: Case, row: Row, decision: disputes.Decision, *, by: Actor) -> None:
        shown = self._dispute(disputes.resolve_dispute, row, by, decision=decision, mode="preview")
        done = self._dispute(disputes.resolve_dispute, row, by, decision=decision)
        assert replace(shown, mode="apply") == done

    def _dispute(self, action: Callable[..., Any], row: Row, by: Actor, **given: Any) -> Any:
        with self.scope():
            return action(self.find(row), by=self.actor(by), **given)

    # Tickets

    def do_open_ticket(self, step: Step, form: opening.TicketForm, *, by: Actor) -> None:
        if form.requester_id:
            form = replace(form, requester_id=self.ids["accounts_membership", form.requester_id])
        if form.about_id:
            form = replace(form, about_id=self.ids["orders_order", form.about_id])
        with self.scope():
            ticket = opening.open_ticket(form, by=self.actor(by))
        self.knows(step.result, ticket.pk)

    def do_add_ticket_file(self, step: Step, ticket: Row, *, content: str, by: Actor) -> None:
        upload = SimpleUploadedFile(*CONTENTS[content])
        with self.scope():
            added = talking.add_ticket_file(self.find(ticket), upload, by=self.actor(by))
        self.knows(step.result, added.pk)

    def do_merge_ticket(self, step: Step, ticket: Row, into: Row, *, by: Actor) -> None:
        with self.scope():
            ticket_course.merge_ticket(self.find(ticket), self.here(into), by=self.actor(by))

    def do_open_issue(self, step: Step, client: Member, *args: Any, **given: Any) -> None:
        self._about(step, issues.open_issue, client, *args, **given)

    def do_request_measure(self, step: Step, member: Member, *args: Any, **given: Any) -> None:
        self._about(step, issues.request_measure, member, *args, **given)

    def _about(
        self, step: Step, action: Callable[..., Any], member: Member, *args: Any, by: Actor, **given: Any
    ) -> None:
        given = {name: self.here(value) if isinstance(value, Row) else value for name, value in given.items()}
        with self.scope():
            made = action(self.here(member.row), *args, by=self.actor(by), **given)
        self.knows(step.result, made.pk)

    # Paid out

    def do_prepare_payout(self, step: Step, *, by: Actor) -> None:
        try:
            with self.scope():
                payout = payments.prepare_payout(self.website, by=self.actor(by))
        except NothingPayable:
            assert step.result is None
        else:
            self.knows(step.result.payout, payout.pk)
