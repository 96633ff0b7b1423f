"""Tasks follow their orders; editors get them, give them back and lose them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Forbidden, Invalid, Refusal
from copydesk.editing import errors
from copydesk.editing.actions import tasks
from copydesk.editing.actions.profiles import change_profile
from copydesk.editing.models import AssignmentType, EditingTask, Outcome, TaskStatus
from copydesk.editing.policies import EditingPolicy
from copydesk.editing.queries.editors import claimant
from copydesk.editing.tasks import expire_leases, reconcile
from copydesk.journal.models import Event
from copydesk.notifications.models import Notification
from copydesk.orders.actions import course, delivery
from copydesk.orders.models import Order
from copydesk.platform.provisioning import as_data
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, editing, orders
from tests.factories.accounts import actor
from tests.jobs import queued, run_jobs

pytestmark = pytest.mark.django_db

LEASE = dt.timedelta(minutes=60)


def again(task: EditingTask) -> EditingTask:
    return EditingTask.objects.of(task.website_id).get(pk=task.pk)


def refuses(code: type[Refusal], act: Callable[[], object]) -> Refusal:
    """The refusal; nothing has changed and nothing is queued."""
    before, waiting = state(), queued()
    with pytest.raises(code) as refused:
        act()
    assert state() == before
    assert queued() == waiting
    return refused.value


def may_claim(member: Membership) -> bool:
    by = actor(member)
    own = claimant(by, EditingPolicy())
    return EditingTask.objects.of(by.website).free_to(by.website.pk, own.writers).exists()


def state() -> list[tuple[object, ...]]:
    website = Website.objects.get()
    rows = EditingTask.objects.of(website).order_by("id").values_list("id", "status", "editor_id", "lease_until")
    return [*rows, (Event.objects.of(website).count(),)]


def open_tasks(order: Order) -> list[EditingTask]:
    return list(EditingTask.objects.of(order.website_id).filter(order=order).open())


class TestFollowsItsOrder:
    def test_submitted_work_opens_one(self, client: Membership, writer: Membership) -> None:
        order = orders.order_in_editing(client, writer)
        assert "editing.follow_order" in run_jobs()
        (task,) = open_tasks(order)
        assert (task.status, task.editor_id, task.round.number) == (TaskStatus.AVAILABLE, None, 1)
        run_jobs()
        tasks.follow_order(order, by=Actor.system(order.website))
        assert len(open_tasks(order)) == 1

    def test_work_that_needs_no_editing_opens_none(self, client: Membership, writer: Membership) -> None:
        order = orders.delivered_order(client, writer)
        run_jobs()
        assert not EditingTask.objects.of(order.website_id).exists()

    @pytest.mark.parametrize("leaves", ["pass", "return", "hold", "cancel"])
    def test_closes_with_editing(
        self, leaves: str, client: Membership, writer: Membership, support: Membership
    ) -> None:
        order = orders.order_in_editing(client, writer)
        run_jobs()
        (task,) = open_tasks(order)
        by = actor(support)
        {
            "pass": lambda: delivery.pass_work(order, by=by),
            "return": lambda: delivery.return_work(order, by=by, reason="Sources."),
            "hold": lambda: course.hold(order, by=by, reason="Files."),
            "cancel": lambda: course.cancel(order, by=by, reason="Not wanted."),
        }[leaves]()
        run_jobs()
        assert not open_tasks(order)
        task = again(task)
        assert (task.status, task.outcome, task.closed_at is not None) == ("closed", Outcome.WITHDRAWN, True)

    def test_resumed_order_has_one_again(self, client: Membership, writer: Membership, support: Membership) -> None:
        order = orders.order_in_editing(client, writer)
        course.hold(order, by=actor(support), reason="Files.")
        run_jobs()
        course.resume(order, by=actor(support))
        run_jobs()
        assert len(open_tasks(order)) == 1

    def test_the_sweep_finds_what_no_job_did(self, client: Membership, writer: Membership, support: Membership) -> None:
        without = orders.order_in_editing(client, writer)
        stray = editing.open_task(client, writer)
        delivery.pass_work(stray.order, by=actor(support))
        untouched = editing.open_task(client, writer)
        for _ in range(2):
            reconcile(client.website)
        assert len(open_tasks(without)) == 1
        assert again(stray).outcome == Outcome.WITHDRAWN
        assert open_tasks(untouched.order) == [untouched]

    def test_the_database_holds_one_open_task(self, client: Membership, writer: Membership) -> None:
        task = editing.open_task(client, writer)
        with pytest.raises(IntegrityError), transaction.atomic():
            EditingTask.objects.of(task.website_id).create(order=task.order, round=task.round, opened_at=task.opened_at)


class TestClaim:
    def test_holds_it_for_an_hour(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.claimed_task(client, writer, editor)
        assert (task.status, task.editor_id) == (TaskStatus.CLAIMED, editor.pk)
        assert task.assignment_type == AssignmentType.CLAIMED
        assert task.lease_until is not None
        assert task.assigned_at is not None
        assert task.lease_until - task.assigned_at == LEASE

    def test_the_second_is_told_who_and_until_when(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        refused = refuses(errors.TaskTaken, lambda: tasks.claim(task, by=actor(editor2)))
        assert refused.context == {"holder": f"Editor {editor.number}", "until": task.lease_until}

    @pytest.mark.parametrize("started", [False, True])
    def test_is_free_to_others_once_its_lease_is_over(
        self,
        started: bool,
        frozen: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        make = editing.task_in_review if started else editing.claimed_task
        task = make(client, writer, editor)
        frozen.shift(LEASE - dt.timedelta(seconds=1))
        refuses(errors.TaskTaken, lambda: tasks.claim(task, by=actor(editor2)))
        frozen.shift(dt.timedelta(seconds=1))
        tasks.claim(task, by=actor(editor2))
        assert (task.status, task.editor_id, task.started_at) == (TaskStatus.CLAIMED, editor2.pk, None)

    def test_a_submitted_one_is_not(
        self,
        frozen: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        task = editing.submitted_task(client, writer, editor)
        frozen.shift(LEASE * 5)
        refused = refuses(errors.TaskTaken, lambda: tasks.claim(task, by=actor(editor2)))
        assert refused.context == {"holder": f"Editor {editor.number}", "until": None}
        assert not may_claim(editor2)

    def test_by_no_writer_client_or_staff(self, client: Membership, writer: Membership, support: Membership) -> None:
        task = editing.open_task(client, writer)
        for member in (client, writer, support):
            refuses(Forbidden, lambda member=member: tasks.claim(task, by=actor(member)))  # type: ignore[misc]

    def test_not_ones_own_writing(self, client: Membership, writer: Membership) -> None:
        """The same account: whoever was a writer here and has become an editor."""
        task = editing.open_task(client, writer)
        writer.role = Role.EDITOR
        writer.save(update_fields=["role"])
        refuses(errors.OwnWriting, lambda: tasks.claim(task, by=actor(writer)))
        assert not may_claim(writer)

    def test_up_to_the_limit(self, client: Membership, writer: Membership, website: Website) -> None:
        limited = editing.editor(website, task_limit=1)
        editing.submitted_task(client, writer, limited)
        task = editing.open_task(client, writer)
        refused = refuses(errors.EditorAtLimit, lambda: tasks.claim(task, by=actor(limited)))
        assert refused.context == {"limit": 1}

    def test_what_has_run_out_does_not_fill_the_limit(
        self, frozen: time_machine.Coordinates, client: Membership, writer: Membership, website: Website
    ) -> None:
        limited = editing.editor(website, task_limit=1)
        editing.claimed_task(client, writer, limited)
        task = editing.open_task(client, writer)
        frozen.shift(LEASE)
        assert tasks.claim(task, by=actor(limited)).editor_id == limited.pk

    def test_not_while_unavailable(self, client: Membership, writer: Membership, website: Website) -> None:
        task = editing.open_task(client, writer)
        away = editing.editor(website, available=False)
        refuses(errors.EditorUnavailable, lambda: tasks.claim(task, by=actor(away)))


class TestLease:
    def test_work_renews(
        self, frozen: time_machine.Coordinates, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        frozen.shift(dt.timedelta(minutes=50))
        tasks.start(task, by=actor(editor))
        assert task.lease_until == Event.objects.of(task.website_id).order_by("-id")[0].at + LEASE

    def test_a_write_after_it_is_refused(
        self,
        frozen: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        frozen.shift(LEASE)
        by = actor(editor)
        refused = refuses(errors.LeaseExpired, lambda: tasks.start(task, by=by))
        assert refused.code == "lease_expired"
        refuses(errors.LeaseExpired, lambda: tasks.unclaim(task, by=by, reason="Late."))
        refuses(errors.LeaseExpired, lambda: tasks.hand_over(task, editor2.pk, by=by, reason="Late."))

    def test_the_sweep_gives_back_what_has_run_out(
        self, frozen: time_machine.Coordinates, client: Membership, writer: Membership, website: Website
    ) -> None:
        one, other, assigned = (editing.editor(website) for _ in range(3))
        old = editing.task_in_review(client, writer, one)
        given = editing.open_task(client, writer)
        tasks.assign(given, by=Actor(website, Role.ADMIN), editor_id=assigned.pk)
        frozen.shift(LEASE)
        new = editing.claimed_task(client, writer, other)
        for _ in range(2):
            expire_leases(website)
        old = again(old)
        assert (old.status, old.editor_id, old.assignment_type, old.started_at) == ("available", None, "", None)
        assert again(new).editor_id == other.pk
        assert again(given).editor_id == assigned.pk
        assert Event.objects.of(website).filter(verb="editing_task.expire").count() == 1
        run_jobs()
        assert Notification.objects.of(website).get(verb="editing_task.expire").member_id == one.pk


class TestAssign:
    def test_by_staff(self, client: Membership, writer: Membership, editor: Membership, support: Membership) -> None:
        task = editing.open_task(client, writer)
        run_jobs()
        tasks.assign(task, by=actor(support), editor_id=editor.pk)
        assert (task.status, task.assignment_type, task.lease_until) == ("claimed", AssignmentType.MANUAL, None)
        run_jobs()
        told = Notification.objects.of(task.website_id).get(verb="editing_task.assign")
        assert told.member_id == editor.pk

    def test_not_what_somebody_has(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, support: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        refuses(errors.TaskTaken, lambda: tasks.assign(task, by=actor(support), editor_id=editor2.pk))

    def test_beyond_the_limit_with_a_reason(
        self, client: Membership, writer: Membership, website: Website, support: Membership
    ) -> None:
        full = editing.editor(website, task_limit=0)
        task = editing.open_task(client, writer)
        refuses(errors.EditorAtLimit, lambda: tasks.assign(task, by=actor(support), editor_id=full.pk))
        assert tasks.assign(task, by=actor(support), editor_id=full.pk, reason="It is hers.").editor_id == full.pk

    def test_to_editors_only(self, client: Membership, writer: Membership, support: Membership) -> None:
        task = editing.open_task(client, writer)
        for member in (writer, support, client):
            refuses(Invalid, lambda member=member: tasks.assign(task, by=actor(support), editor_id=member.pk))  # type: ignore[misc]

    def test_automatically_to_the_least_loaded_who_knows_it(
        self, client: Membership, writer: Membership, website: Website, support: Membership
    ) -> None:
        """For each editor who is passed over one reason, and that one alone."""
        editing.editor(website, subjects=["nursing"])
        editing.editor(website, subjects=["history"], paper_types=["dissertation"])
        editing.editor(website, available=False)
        editing.editor(website, task_limit=0)
        busy = editing.editor(website, subjects=["history"], task_limit=2)
        editing.claimed_task(client, writer, busy)
        halfway = editing.editor(website, subjects=["history"], paper_types=["essay"], task_limit=3)
        editing.claimed_task(client, writer, halfway)
        accounts.membership(website, "editor", status="suspended")
        task = editing.open_task(client, writer)
        tasks.assign(task, by=actor(support))
        assert (task.editor_id, task.assignment_type) == (halfway.pk, AssignmentType.AUTO)

    def test_not_again_to_who_has_rejected_it(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, support: Membership
    ) -> None:
        task = editing.open_task(client, writer)
        tasks.assign(task, by=actor(support))
        assert task.editor_id == editor.pk
        tasks.reject(task, by=actor(editor), reason="Not my field.")
        assert (task.status, task.editor_id) == (TaskStatus.AVAILABLE, None)
        tasks.assign(task, by=actor(support))
        assert task.editor_id == editor2.pk
        tasks.reject(task, by=actor(editor2), reason="Nor mine.")
        refuses(errors.NoEditorFree, lambda: tasks.assign(task, by=actor(support)))

    @pytest.mark.parametrize("there", [True, False])
    def test_at_once_where_the_website_does_so(
        self, there: bool, client: Membership, writer: Membership, website: Website
    ) -> None:
        store_policy(website, "editing", {**as_data(EditingPolicy()), "assigns_automatically": True})
        editor = editing.editor(website, available=there)
        task = editing.open_task(client, writer)
        assert task.editor_id == (editor.pk if there else None)
        assert task.status == ("claimed" if there else "available")


class TestWaiting:
    """Where the website assigns automatically, and nobody was free when the task was made."""

    @pytest.fixture(autouse=True)
    def policy(self, website: Website) -> None:
        store_policy(website, "editing", {**as_data(EditingPolicy()), "assigns_automatically": True})

    def test_goes_to_an_editor_who_has_become_free(
        self, client: Membership, writer: Membership, website: Website
    ) -> None:
        away = editing.editor(website, available=False)
        task = editing.open_task(client, writer)
        reconcile(website)
        assert again(task).status == TaskStatus.AVAILABLE
        change_profile(away, by=actor(away), available=True)
        for _ in range(2):
            reconcile(website)
        assert (again(task).editor_id, again(task).assignment_type) == (away.pk, AssignmentType.AUTO)
        assert Event.objects.of(website).filter(verb="editing_task.assign").count() == 1

    def test_not_to_who_has_given_it_back(
        self, frozen: time_machine.Coordinates, client: Membership, writer: Membership, website: Website
    ) -> None:
        first = editing.editor(website, available=False)
        task = editing.open_task(client, writer)
        change_profile(first, by=actor(first), available=True)
        tasks.claim(task, by=actor(first))
        tasks.unclaim(task, by=actor(first), reason="Not my field.")
        reconcile(website)
        assert again(task).editor_id is None
        second = accounts.membership(website, "editor")
        reconcile(website)
        assert again(task).editor_id == second.pk


class TestGivenBack:
    def test_a_claim_is_unclaimed(self, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.task_in_review(client, writer, editor)
        refuses(errors.UnclaimInstead, lambda: tasks.reject(task, by=actor(editor), reason="Too long."))
        tasks.unclaim(task, by=actor(editor), reason="Too long.")
        assert (task.status, task.editor_id, task.lease_until, task.assigned_at) == ("available", None, None, None)

    def test_what_was_assigned_is_rejected(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        task = editing.open_task(client, writer)
        tasks.assign(task, by=actor(support), editor_id=editor.pk)
        refuses(errors.RejectInstead, lambda: tasks.unclaim(task, by=actor(editor), reason="Too long."))
        assert tasks.reject(task, by=actor(editor), reason="Too long.").status == TaskStatus.AVAILABLE

    def test_by_its_editor_only(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        other = actor(editor2)
        refuses(errors.NotYourTask, lambda: tasks.unclaim(task, by=other, reason="Mine."))
        refuses(errors.NotYourTask, lambda: tasks.start(task, by=other))
        refuses(errors.NotYourTask, lambda: tasks.hand_over(task, editor2.pk, by=other, reason="Mine."))


class TestHandOver:
    @pytest.mark.parametrize("by_staff", [False, True])
    def test_to_another_without_a_lease(
        self,
        by_staff: bool,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
        support: Membership,
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        tasks.hand_over(task, editor2.pk, by=actor(support if by_staff else editor), reason="On leave.")
        assert (task.status, task.editor_id, task.assignment_type) == ("claimed", editor2.pk, AssignmentType.MANUAL)
        assert (task.lease_until, task.started_at) == (None, None)

    def test_not_to_oneself_or_beyond_the_limit(
        self, client: Membership, writer: Membership, editor: Membership, website: Website
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        refuses(Invalid, lambda: tasks.hand_over(task, editor.pk, by=actor(editor), reason="Me."))
        full = editing.editor(website, task_limit=0)
        refuses(errors.EditorAtLimit, lambda: tasks.hand_over(task, full.pk, by=actor(editor), reason="Her."))
