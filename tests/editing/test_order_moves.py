"""An order goes its own way while a task of it is open: the task never decides about work that it was not made for."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, WrongState
from copydesk.editing import errors
from copydesk.editing.actions import reviews, tasks
from copydesk.editing.models import EditingTask, Outcome, RequiredChange
from copydesk.editing.tasks import reconcile
from copydesk.journal.models import Event
from copydesk.notifications.models import Notification
from copydesk.notifications.reactions import JOBS
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import FileKind, Order, Status
from copydesk.tenancy.models import Website
from tests.factories import editing, orders, writers
from tests.factories.accounts import actor
from tests.factories.editing import APPROVED, RETURNED
from tests.factories.files import upload
from tests.jobs import run_jobs

from .test_reviews import current, refuses
from .test_tasks import LEASE, again, open_tasks

pytestmark = pytest.mark.django_db


def handed_in_again(task: EditingTask, writer: Membership, support: Membership) -> Order:
    """Staff return the work, and the writer is quicker than the job that closes the task."""
    order = current(task)
    delivery.return_work(order, by=actor(support), reason="Sources.")
    orders.work_file(order, writer)
    return delivery.submit(order, by=actor(writer))


def test_a_task_follows_every_step_into_editing_and_out_of_it() -> None:
    steps = {name for name, step in Order.LIFECYCLE.items() if not step.stays}
    out = {name for name in steps if Status.EDITING in Order.LIFECYCLE[name].sources}
    into = {"submit", "resume"}  # whose target the table leaves open
    assert into <= {name for name in steps if Order.LIFECYCLE[name].target in (None, Status.EDITING)}
    assert {verb for verb, jobs in JOBS.items() if "editing.follow_order" in jobs} == {
        f"order.{name}" for name in out | into
    }


class TestWorkHandedInAgain:
    """Between two runs of the worker the work has been returned and handed in anew."""

    def test_an_old_approval_does_not_deliver_it(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.submitted_task(client, writer, editor)
        order = handed_in_again(task, writer, support)
        refuses(client.website, errors.NotInEditing, lambda: reviews.complete(task, by=actor(editor)))
        run_jobs()
        assert again(task).outcome == Outcome.WITHDRAWN
        (following,) = open_tasks(order)
        assert following.round.number == 2

    def test_the_sweep_sees_it_too(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.submitted_task(client, writer, editor)
        order = handed_in_again(task, writer, support)
        for _ in range(2):
            reconcile(client.website)
        assert [row.round.number for row in open_tasks(order)] == [2]
        assert again(task).outcome == Outcome.WITHDRAWN


class TestOrderThatHasLeftEditing:
    """Staff were quicker, and the job that closes the task has not run yet."""

    def test_nobody_gets_its_task(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.open_task(client, writer)
        course.hold(current(task), by=actor(support), reason="Files.")
        refuses(client.website, errors.NotInEditing, lambda: tasks.claim(task, by=actor(editor)))
        given = {"by": actor(support), "editor_id": editor.pk}
        refuses(client.website, errors.NotInEditing, lambda: tasks.assign(task, **given))

    @pytest.mark.parametrize("leaves", ["pass", "return", "hold", "cancel"])
    def test_nothing_is_done_with_it(
        self,
        leaves: str,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
        support: Membership,
    ) -> None:
        claimed = editing.claimed_task(client, writer, editor)
        submitted = editing.submitted_task(client, writer, editor)
        for task in (claimed, submitted):
            order, by = current(task), actor(support)
            {
                "pass": lambda order=order, by=by: delivery.pass_work(order, by=by),
                "return": lambda order=order, by=by: delivery.return_work(order, by=by, reason="Sources."),
                "hold": lambda order=order, by=by: course.hold(order, by=by, reason="Files."),
                "cancel": lambda order=order, by=by: course.cancel(order, by=by, reason="Not wanted."),
            }[leaves]()
        by = actor(editor)
        refuses(client.website, errors.NotInEditing, lambda: tasks.start(claimed, by=by))
        refuses(client.website, errors.NotInEditing, lambda: reviews.complete(submitted, by=by))
        refuses(
            client.website, errors.NotInEditing, lambda: tasks.hand_over(claimed, editor2.pk, by=by, reason="On leave.")
        )
        run_jobs()
        for task in (claimed, submitted):
            assert (again(task).status, again(task).outcome) == ("closed", Outcome.WITHDRAWN)

    def test_its_editor_hears_that_it_is_gone(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        free = editing.open_task(client, writer)
        for one in (task, free):
            course.hold(current(one), by=actor(support), reason="Files.")
        run_jobs()
        (told,) = Notification.objects.of(client.website).filter(verb="editing_task.withdraw")
        assert (told.member_id, told.root_id) == (editor.pk, task.order_id)


class TestEditorsFiles:
    """An editor writes to an order while it has its task, and until its review is submitted."""

    def add(self, task: EditingTask, by: Membership) -> object:
        return reviews.add_file(current(task), upload("marked.txt"), FileKind.DRAFT, by=actor(by))

    def test_renew_the_claim(
        self, frozen: time_machine.Coordinates, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        assert task.lease_until is not None
        frozen.shift(dt.timedelta(minutes=50))
        self.add(task, editor)
        assert again(task).lease_until == task.lease_until + dt.timedelta(minutes=50)

    def test_without_a_lease_there_is_none_to_renew(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.open_task(client, writer)
        tasks.assign(task, by=actor(support), editor_id=editor.pk)
        self.add(task, editor)
        assert again(task).lease_until is None

    def test_not_without_the_task_nor_after_it(
        self,
        frozen: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        website = client.website
        free = editing.open_task(client, writer)
        refuses(website, WrongState, lambda: self.add(free, editor))
        task = editing.task_in_review(client, writer, editor)
        refuses(website, errors.NotYourTask, lambda: self.add(task, editor2))
        submitted = editing.submitted_task(client, writer, editor)
        refuses(website, WrongState, lambda: self.add(submitted, editor))
        unknown = orders.order_in_editing(client, writer)
        refuses(
            website,
            errors.NotInEditing,
            lambda: reviews.add_file(unknown, upload(), FileKind.DRAFT, by=actor(editor)),
        )
        frozen.shift(LEASE)
        refuses(website, errors.LeaseExpired, lambda: self.add(task, editor))

    def test_by_editors_only(self, client: Membership, writer: Membership, support: Membership) -> None:
        task = editing.open_task(client, writer)
        for member in (writer, support, client):
            refuses(client.website, Forbidden, lambda member=member: self.add(task, member))  # type: ignore[misc]


class TestWhatTheOrderIsThroughAll:
    def test_a_reassigned_writer_has_the_changes_the_former_has_not(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership, website: Website
    ) -> None:
        task = editing.completed_task(client, writer, editor, RETURNED)
        other = writers.writer(website, level="expert").member
        staffing.reassign(current(task), other.pk, by=actor(support), reason="Ill.")
        assert not RequiredChange.objects.visible_to(actor(writer)).exists()
        change = RequiredChange.objects.visible_to(actor(other)).get(position=1)
        refuses(website, errors.NotYourTask, lambda: reviews.tick(change, by=actor(writer)))
        assert reviews.tick(change, by=actor(other)).status == "ticked"

    def test_a_resumed_order_is_reviewed_anew(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, support: Membership
    ) -> None:
        """The review that was submitted before the hold stays, and decides nothing."""
        task = editing.submitted_task(client, writer, editor)
        course.hold(current(task), by=actor(support), reason="Files.")
        run_jobs()
        course.resume(current(task), by=actor(support))
        run_jobs()
        (following,) = open_tasks(current(task))
        tasks.claim(following, by=actor(editor2))
        tasks.start(following, by=actor(editor2))
        reviews.submit(following, by=actor(editor2), **APPROVED)
        assert reviews.complete(following, by=actor(editor2)).outcome == Outcome.APPROVED
        assert again(task).review.editor_id == editor.pk
        assert Event.objects.of(client.website).filter(verb="order.pass").count() == 1

    def test_a_hold_that_no_job_has_seen_changes_nothing(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        run_jobs()
        course.hold(current(task), by=actor(support), reason="Files.")
        course.resume(current(task), by=actor(support))
        run_jobs()
        (still,) = open_tasks(current(task))
        assert (still.pk, still.editor_id) == (task.pk, editor.pk)
