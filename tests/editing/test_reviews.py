"""A review is recorded, its verdict applied; what has to be changed is ticked off and confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import Error, transaction

from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, Refusal, WrongState
from copydesk.editing import errors
from copydesk.editing.actions import reviews, tasks
from copydesk.editing.models import (
    ChangeStatus,
    EditingReview,
    EditingTask,
    Outcome,
    RequiredChange,
    ReviewFile,
    TaskStatus,
    Verdict,
)
from copydesk.editing.policies import Rubric
from copydesk.journal.models import Event
from copydesk.orders.actions import course, delivery
from copydesk.orders.actions.files import add_file
from copydesk.orders.errors import FilesLocked
from copydesk.orders.models import FileKind, Order, OrderFile, Round, Status
from copydesk.platform.provisioning import as_data
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import editing, orders, writers
from tests.factories.accounts import actor
from tests.factories.editing import APPROVED, RETURNED
from tests.factories.files import upload
from tests.jobs import queued, run_jobs

from .test_tasks import LEASE

pytestmark = pytest.mark.django_db


def counted(website: Website) -> tuple[object, ...]:
    models = (EditingReview, RequiredChange, ReviewFile, OrderFile, Event, Round)
    rows = [model.objects.of(website).count() for model in models]  # type: ignore[attr-defined]
    statuses = [
        *EditingTask.objects.of(website).order_by("id").values_list("status", "version"),
        *Order.objects.of(website).order_by("id").values_list("status", "version"),
        *RequiredChange.objects.of(website).order_by("id").values_list("status", "version"),
    ]
    return (*rows, *statuses, len(queued()))


def refuses(website: Website, code: type[Refusal], act: Callable[[], object]) -> Refusal:
    """The refusal; nothing has changed and nothing is queued."""
    before = counted(website)
    with pytest.raises(code) as refused, transaction.atomic():
        act()
    assert counted(website) == before
    return refused.value


def current(task: EditingTask) -> Order:
    return Order.objects.of(task.website_id).get(pk=task.order_id)


class TestSubmit:
    def test_records_the_review(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.task_in_review(client, writer, editor)
        marked = add_file(task.order, upload("marked.txt"), FileKind.DRAFT, by=actor(editor))
        reviews.submit(task, by=actor(editor), **RETURNED, corrections="Commas.", files=[marked.pk])
        review = EditingReview.objects.of(task.website_id).get()
        assert (task.status, task.lease_until) == (TaskStatus.SUBMITTED, None)
        assert (review.quality_score, review.verdict, review.editor_id) == (4, Verdict.RETURN, editor.pk)
        assert review.issues == [{"criterion": "sources", "severity": "major", "text": "None at all."}]
        assert list(review.changes.order_by("position").values_list("position", "text")) == [
            (1, "Add sources"),
            (2, "Shorten page 2"),
        ]
        assert [row.order_file_id for row in review.files.all()] == [marked.pk]
        assert current(task).status == Status.EDITING, "the verdict is applied by complete"

    def test_keeps_the_rubrics_version(
        self, client: Membership, writer: Membership, editor: Membership, website: Website
    ) -> None:
        store_policy(website, "rubric", as_data(Rubric()))
        task = editing.submitted_task(client, writer, editor)
        store_policy(website, "rubric", {"criteria": [{"code": "tone", "name": "Tone"}]})
        review = EditingReview.objects.of(website).get(task=task)
        assert review.rubric_version == 1
        assert [row.code for row in Rubric.of(website).criteria] == ["tone"]
        assert len(Rubric.of(website, review.rubric_version).criteria) == 6

    def test_is_the_first_until_one_has_been_applied(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.submitted_task(client, writer, editor)
        delivery.return_work(current(task), by=actor(support), reason="Sources.")
        for _ in range(2):
            orders.work_file(current(task), writer)
            delivery.submit(current(task), by=actor(writer))
            task = tasks.claim(editing.task_of(current(task)), by=actor(editor))
            reviews.submit(tasks.start(task, by=actor(editor)), by=actor(editor), **RETURNED)
            reviews.complete(task, by=actor(editor))
        found = EditingReview.objects.of(client.website).order_by("id").values_list("first", flat=True)
        assert list(found) == [True, True, False]

    def test_masks_contact_details(self, client: Membership, writer: Membership, editor: Membership) -> None:
        given = {**RETURNED, "notes": "Write to ed@example.com.", "changes_required": ["Call +44 20 7946 0958"]}
        task = editing.submitted_task(client, writer, editor, given)
        assert "ed@example.com" not in task.review.notes
        assert "7946" not in task.review.changes.get().text

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({**RETURNED, "notes": " "}, "notes"),
            ({**RETURNED, "changes_required": []}, "changes_required"),
            ({**APPROVED, "changes_required": ["More"]}, "changes_required"),
            ({**APPROVED, "issues": [{"criterion": "x", "severity": "minor", "text": "y"}]}, "issues.0.criterion"),
            ({**APPROVED, "files": [999_999]}, "files"),
        ],
    )
    def test_names_what_is_wrong(
        self, given: dict[str, Any], field: str, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        refused = refuses(client.website, Invalid, lambda: reviews.submit(task, by=actor(editor), **given))
        assert isinstance(refused, Invalid)
        assert [error.field for error in refused.errors] == [field]

    def test_files_of_another_order_are_unknown(
        self, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        other = editing.open_task(client, writer)
        file = OrderFile.objects.of(client.website).get(order=other.order)
        task = editing.task_in_review(client, writer, editor)
        given = {**APPROVED, "files": [file.pk]}
        refuses(client.website, Invalid, lambda: reviews.submit(task, by=actor(editor), **given))

    def test_not_under_an_expired_lease_nor_by_another(
        self,
        frozen: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        refuses(client.website, errors.NotYourTask, lambda: reviews.submit(task, by=actor(editor2), **APPROVED))
        frozen.shift(LEASE)
        refuses(client.website, errors.LeaseExpired, lambda: reviews.submit(task, by=actor(editor), **APPROVED))

    def test_not_before_it_is_started(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.claimed_task(client, writer, editor)
        refuses(client.website, WrongState, lambda: reviews.submit(task, by=actor(editor), **APPROVED))

    def test_not_once_the_order_has_left_editing(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        course.hold(task.order, by=actor(support), reason="Files.")
        refuses(client.website, errors.NotInEditing, lambda: reviews.submit(task, by=actor(editor), **APPROVED))

    def test_is_not_changed_any_more(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.submitted_task(client, writer, editor)
        with pytest.raises(Error), transaction.atomic():
            EditingReview.objects.of(client.website).filter(task=task).update(quality_score=10)


class TestComplete:
    def test_approved_work_is_delivered(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.completed_task(client, writer, editor)
        order = current(task)
        assert (task.status, task.outcome) == (TaskStatus.CLOSED, Outcome.APPROVED)
        assert (order.status, task.closed_at) == (Status.DELIVERED, order.delivered_at)
        event = Event.objects.of(client.website).get(verb="order.pass")
        assert (event.role, event.member_id) == ("editor", editor.pk)
        run_jobs()
        assert not EditingTask.objects.of(client.website).open().exists()

    def test_returned_work_goes_to_its_writer(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.completed_task(client, writer, editor, RETURNED)
        order = current(task)
        assert (task.outcome, order.status) == (Outcome.RETURNED, Status.IN_PROGRESS)
        round_ = Round.objects.of(client.website).get(order=order, number=2)
        assert (round_.reason, round_.changes_required) == ("The sources are missing.", RETURNED["changes_required"])

    def test_by_staff_in_its_place_but_by_no_other_editor(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, support: Membership
    ) -> None:
        task = editing.submitted_task(client, writer, editor)
        refuses(client.website, errors.NotYourTask, lambda: reviews.complete(task, by=actor(editor2)))
        refuses(client.website, Forbidden, lambda: reviews.complete(task, by=actor(writer)))
        assert reviews.complete(task, by=actor(support)).outcome == Outcome.APPROVED

    def test_not_of_an_order_that_has_left_editing(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        """Staff were quicker, and the job that closes the task has not run yet."""
        task = editing.submitted_task(client, writer, editor)
        delivery.pass_work(current(task), by=actor(support))
        refuses(client.website, errors.NotInEditing, lambda: reviews.complete(task, by=actor(editor)))
        run_jobs()
        assert EditingTask.objects.of(client.website).get(pk=task.pk).outcome == Outcome.WITHDRAWN

    def test_once(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.completed_task(client, writer, editor)
        refuses(client.website, WrongState, lambda: reviews.complete(task, by=actor(editor)))

    def test_the_next_round_has_a_task_of_its_own(
        self, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.completed_task(client, writer, editor, RETURNED)
        order = current(task)
        orders.work_file(order, writer)
        delivery.submit(order, by=actor(writer))
        run_jobs()
        following = EditingTask.objects.of(client.website).open().get(order=order)
        assert (following.round.number, following.status) == (2, TaskStatus.AVAILABLE)


class TestApprovedFiles:
    @pytest.mark.parametrize("kind", [FileKind.FINAL, FileKind.DRAFT, FileKind.REVISION])
    def test_are_locked(
        self, kind: FileKind, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.completed_task(client, writer, editor)
        order = current(task)
        refuses(client.website, FilesLocked, lambda: add_file(order, upload(), kind, by=actor(support)))

    def test_what_is_no_work_still_comes(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        order = current(editing.completed_task(client, writer, editor))
        assert add_file(order, upload(), FileKind.SOURCE, by=actor(support)).round_id is None

    def test_a_revision_takes_new_ones(self, client: Membership, writer: Membership, editor: Membership) -> None:
        order = current(editing.completed_task(client, writer, editor))
        delivery.request_revision(order, by=actor(client), reason="Shorter.")
        assert add_file(order, upload(), FileKind.REVISION, by=actor(writer)).round is not None

    def test_work_that_passed_no_editor_is_not_locked(
        self, client: Membership, writer: Membership, support: Membership
    ) -> None:
        order = orders.delivered_order(client, writer)
        assert add_file(order, upload(), FileKind.FINAL, by=actor(support)).round is not None


class TestChanges:
    @pytest.fixture
    def returned(self, client: Membership, writer: Membership, editor: Membership) -> EditingTask:
        return editing.completed_task(client, writer, editor, RETURNED)

    @pytest.fixture
    def change(self, returned: EditingTask) -> RequiredChange:
        return RequiredChange.objects.of(returned.website_id).get(position=1)

    def handed_in(self, task: EditingTask, writer: Membership) -> EditingTask:
        order = current(task)
        orders.work_file(order, writer)
        delivery.submit(order, by=actor(writer))
        return editing.task_of(order)

    def test_ticked_by_the_writer_confirmed_by_the_editor(
        self, change: RequiredChange, returned: EditingTask, writer: Membership, editor: Membership
    ) -> None:
        reviews.tick(change, by=actor(writer))
        assert (change.status, change.ticked_at is not None) == (ChangeStatus.TICKED, True)
        tasks.claim(self.handed_in(returned, writer), by=actor(editor))
        reviews.confirm(change, by=actor(editor))
        assert (change.status, change.confirmed_at is not None) == (ChangeStatus.CONFIRMED, True)

    def test_confirming_renews_the_claim(
        self,
        frozen: time_machine.Coordinates,
        change: RequiredChange,
        returned: EditingTask,
        writer: Membership,
        editor: Membership,
    ) -> None:
        reviews.tick(change, by=actor(writer))
        task = tasks.claim(self.handed_in(returned, writer), by=actor(editor))
        frozen.shift(LEASE / 2)
        reviews.confirm(change, by=actor(editor))
        assert task.lease_until is not None
        assert EditingTask.objects.of(task.website_id).get(pk=task.pk).lease_until == task.lease_until + LEASE / 2

    def test_refusals(
        self,
        frozen: time_machine.Coordinates,
        change: RequiredChange,
        returned: EditingTask,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        website = client.website
        refuses(website, Forbidden, lambda: reviews.tick(change, by=actor(editor)))
        refuses(website, Forbidden, lambda: reviews.confirm(change, by=actor(writer)))
        refuses(website, WrongState, lambda: reviews.confirm(change, by=actor(editor)))
        reviews.tick(change, by=actor(writer))
        refuses(website, WrongState, lambda: reviews.tick(change, by=actor(writer)))
        refuses(website, errors.NotInEditing, lambda: reviews.confirm(change, by=actor(editor)))
        task = self.handed_in(returned, writer)
        refuses(website, errors.NotYourTask, lambda: reviews.confirm(change, by=actor(editor)))
        tasks.claim(task, by=actor(editor2))
        refuses(website, errors.NotYourTask, lambda: reviews.confirm(change, by=actor(editor)))
        frozen.shift(LEASE)
        refuses(website, errors.LeaseExpired, lambda: reviews.confirm(change, by=actor(editor2)))

    def test_not_ticked_by_a_stranger_nor_once_it_is_handed_in(
        self, change: RequiredChange, returned: EditingTask, writer: Membership, editor: Membership, website: Website
    ) -> None:
        other = writers.writer(website).member
        refuses(website, errors.NotYourTask, lambda: reviews.tick(change, by=actor(other)))
        assert not RequiredChange.objects.visible_to(actor(other)).exists()
        self.handed_in(returned, writer)
        refuses(website, errors.NotYourTask, lambda: reviews.tick(change, by=actor(writer)))

    def test_the_writer_sees_them_once_the_work_has_come_back(
        self, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.submitted_task(client, writer, editor, RETURNED)
        assert not RequiredChange.objects.visible_to(actor(writer)).exists()
        reviews.complete(task, by=actor(editor))
        assert RequiredChange.objects.visible_to(actor(writer)).count() == 2
        assert not RequiredChange.objects.visible_to(actor(client)).exists()
