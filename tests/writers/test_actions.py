"""The life of a profile: every step, every refusal, what each leaves in the journal."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Forbidden, Invalid, WrongState
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers import actions, tasks
from copydesk.writers.errors import AlreadyApplied, WriterNotApproved, WriterOnLeave, WriterSuspended
from copydesk.writers.models import Choice, ChoiceKind, Skill, Writer, WriterStatus
from tests.factories.accounts import actor, membership
from tests.factories.tenancy import website
from tests.factories.writers import writer

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
S = WriterStatus


@pytest.fixture
def atlas(db: None) -> Iterator[Website]:
    with time_machine.travel(NOW, tick=False):
        site = website()
        with website_scope(site.pk):
            yield site


@pytest.fixture
def admin(atlas: Website) -> Actor:
    return actor(membership(atlas, Role.ADMIN))


def verbs(row: Writer) -> list[str]:
    events = Event.objects.of(row.website_id).about("writer", row.pk).order_by("id")
    return list(events.values_list("verb", flat=True))


def reread(row: Writer) -> Writer:
    return Writer.objects.of(row.website_id).get(pk=row.pk)


def own(row: Writer) -> Actor:
    return actor(row.member)


def state(row: Writer) -> tuple[object, ...]:
    kept = reread(row)
    return kept.status, kept.version, kept.leave_from, kept.leave_until, kept.suspended_until, verbs(row)


def test_an_application_starts_at_the_lowest_level(atlas: Website) -> None:
    member = membership(atlas, Role.WRITER)
    row = actions.open_profile(
        member, by=actor(member), pen_name="Quill", subjects=["law", "history", "law"], paper_types=["essay"]
    )
    assert (row.pk, row.status, row.level, row.applied_at) == (member.pk, S.APPLIED, "junior", NOW)
    assert sorted(Skill.objects.of(atlas).values_list("kind", "code")) == [
        ("paper_type", "essay"),
        ("subject", "history"),
        ("subject", "law"),
    ]
    assert verbs(row) == ["writer.apply"]
    assert isinstance(row.refusal(NOW), WriterNotApproved)


def test_a_pen_name_is_unique_on_its_website_whatever_the_case(atlas: Website) -> None:
    writer(atlas, pen_name="Quill")
    member = membership(atlas, Role.WRITER)
    with pytest.raises(Invalid) as refused:
        actions.open_profile(member, by=actor(member), pen_name="QUILL")
    assert [(error.field, error.code) for error in refused.value.errors] == [("pen_name", "pen_name_taken")]
    assert not Writer.objects.of(atlas).filter(pk=member.pk).exists()
    writer(website("borealis"), pen_name="Quill")


def test_approval_admits_the_member(atlas: Website, admin: Actor) -> None:
    row = writer(atlas, status=S.APPLIED, level="junior")
    actions.approve_writer(row, by=admin, level="senior", reason="Good samples.")
    assert (reread(row).status, reread(row).level, reread(row).approved_at) == (S.APPROVED, "senior", NOW)
    assert Membership.objects.of(atlas).get(pk=row.pk).admitted
    event = Event.objects.of(atlas).get(verb="writer.approve")
    assert (event.before, event.after, event.reason, event.writer_id) == (
        "applied",
        "approved",
        "Good samples.",
        row.pk,
    )


def test_approval_at_an_unknown_level_changes_nothing(atlas: Website, admin: Actor) -> None:
    row = writer(atlas, status=S.APPLIED)
    before = state(row)
    with pytest.raises(Invalid):
        actions.approve_writer(row, by=admin, level="grand")
    assert state(row) == before
    assert not Membership.objects.of(atlas).get(pk=row.pk).admitted


def test_a_rejected_writer_may_apply_again_and_be_approved(atlas: Website, admin: Actor) -> None:
    row = writer(atlas, status=S.APPLIED)
    actions.reject_writer(row, by=admin, reason="No samples.")
    assert not Membership.objects.of(atlas).get(pk=row.pk).admitted
    actions.apply(by=own(row), pen_name="Second Quill", bio="With samples.")
    assert (reread(row).status, reread(row).pen_name) == (S.APPLIED, "Second Quill")
    actions.approve_writer(row, by=admin)
    assert reread(row).status == S.APPROVED
    assert verbs(row) == ["writer.reject", "writer.change_profile", "writer.apply", "writer.approve"]


def test_a_writer_who_joined_by_mail_opens_the_profile(atlas: Website) -> None:
    member = membership(atlas, Role.WRITER)
    row = actions.apply(by=actor(member), pen_name="Quill", subjects=["law"])
    assert (row.pk, row.status, verbs(row)) == (member.pk, S.APPLIED, ["writer.apply"])


@pytest.mark.parametrize("status", [S.APPROVED, S.ON_LEAVE, S.SUSPENDED, S.APPLIED])
def test_only_the_rejected_apply_again(atlas: Website, status: str) -> None:
    row = in_status(atlas, status)
    before = state(row)
    with pytest.raises(AlreadyApplied):
        actions.apply(by=own(row), pen_name="Another")
    assert state(row) == before


def in_status(atlas: Website, status: str) -> Writer:
    times: dict[str, object] = {}
    if status == S.ON_LEAVE:
        times = {"leave_from": NOW - DAY, "leave_until": NOW + DAY}
    if status == S.SUSPENDED:
        times = {"suspended_until": NOW + DAY}
    return writer(atlas, status=status, **times)


STEPS = {
    "approve": ({S.APPLIED, S.REJECTED}, lambda row, by: actions.approve_writer(row, by=by)),
    "reject": ({S.APPLIED}, lambda row, by: actions.reject_writer(row, by=by, reason="r")),
    "suspend": (
        {S.APPROVED, S.ON_LEAVE, S.SUSPENDED},
        lambda row, by: actions.suspend_writer(row, by=by, until=NOW + DAY, reason="r"),
    ),
    "reinstate": ({S.SUSPENDED}, lambda row, by: actions.reinstate_writer(row, by=by)),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", list(S))
def test_the_grid_of_staff_steps(atlas: Website, admin: Actor, step: str, status: str) -> None:
    sources, act = STEPS[step]
    row = in_status(atlas, status)
    before = state(row)
    if status in sources:
        act(row, admin)
        assert verbs(row) == [f"writer.{step}"]
    else:
        with pytest.raises(WrongState):
            act(row, admin)
        assert state(row) == before


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", [Role.CLIENT, Role.WRITER, Role.EDITOR, Role.SUPPORT])
def test_only_admins_decide_about_writers(atlas: Website, step: str, role: Role) -> None:
    sources, act = STEPS[step]
    row = in_status(atlas, min(sources))
    before = state(row)
    with pytest.raises(Forbidden):
        act(row, actor(membership(atlas, role)))
    assert state(row) == before


def test_a_suspension_lifts_itself(atlas: Website, admin: Actor) -> None:
    row = writer(atlas)
    actions.suspend_writer(row, by=admin, until=NOW + DAY, reason="Plagiarism.")
    assert isinstance(row.refusal(NOW), WriterSuspended)
    assert row.refusal(NOW + DAY) is None
    tasks.turn_clock(atlas)
    assert reread(row).status == S.SUSPENDED
    with time_machine.travel(NOW + DAY, tick=False):
        tasks.turn_clock(atlas)
        tasks.turn_clock(atlas)
    assert (reread(row).status, reread(row).suspended_until) == (S.APPROVED, None)
    assert verbs(row) == ["writer.suspend", "writer.lift"]
    assert Event.objects.of(atlas).get(verb="writer.lift").role == Role.SYSTEM


def test_a_suspension_ends_in_the_future(atlas: Website, admin: Actor) -> None:
    row = writer(atlas)
    before = state(row)
    with pytest.raises(Invalid) as refused:
        actions.suspend_writer(row, by=admin, until=NOW, reason="r")
    assert [error.field for error in refused.value.errors] == ["until"]
    assert state(row) == before


def test_the_end_of_a_suspension_may_be_moved(atlas: Website, admin: Actor) -> None:
    row = in_status(atlas, S.SUSPENDED)
    actions.suspend_writer(row, by=admin, until=NOW + 5 * DAY, reason="Again.")
    with time_machine.travel(NOW + DAY, tick=False):
        tasks.turn_clock(atlas)
    assert (reread(row).status, reread(row).suspended_until) == (S.SUSPENDED, NOW + 5 * DAY)


def test_after_a_suspension_a_leave_that_still_runs_goes_on(atlas: Website, admin: Actor) -> None:
    row = in_status(atlas, S.ON_LEAVE)
    actions.suspend_writer(row, by=admin, until=NOW + 5 * DAY, reason="r")
    actions.reinstate_writer(row, by=admin, reason="A mistake.")
    assert (reread(row).status, reread(row).leave_until) == (S.ON_LEAVE, NOW + DAY)


def test_after_a_suspension_a_leave_that_is_over_is_over(atlas: Website, admin: Actor) -> None:
    row = in_status(atlas, S.ON_LEAVE)
    actions.suspend_writer(row, by=admin, until=NOW + 5 * DAY, reason="r")
    with time_machine.travel(NOW + 5 * DAY, tick=False):
        tasks.turn_clock(atlas)
    assert (reread(row).status, reread(row).leave_from, reread(row).leave_until) == (S.APPROVED, None, None)


def test_a_planned_leave_outlives_a_suspension(atlas: Website, admin: Actor) -> None:
    row = writer(atlas)
    actions.take_leave(row, by=own(row), since=NOW + 5 * DAY, until=NOW + 6 * DAY)
    actions.suspend_writer(row, by=admin, until=NOW + DAY, reason="r")
    actions.reinstate_writer(row, by=admin)
    assert (reread(row).status, reread(row).leave_from) == (S.APPROVED, NOW + 5 * DAY)


def test_a_leave_begins_now_and_ends_itself(atlas: Website) -> None:
    row = writer(atlas)
    actions.take_leave(row, by=own(row), until=NOW + DAY, reason="Holiday.")
    assert reread(row).status == S.ON_LEAVE
    assert isinstance(row.refusal(NOW), WriterOnLeave)
    with time_machine.travel(NOW + DAY, tick=False):
        tasks.turn_clock(atlas)
    assert (reread(row).status, reread(row).leave_from, reread(row).leave_until) == (S.APPROVED, None, None)
    assert verbs(row) == ["writer.leave", "writer.end_leave"]


def test_a_start_in_the_past_is_now(atlas: Website) -> None:
    row = writer(atlas)
    actions.take_leave(row, by=own(row), since=NOW - DAY, until=NOW + DAY)
    assert (reread(row).status, reread(row).leave_from) == (S.ON_LEAVE, NOW)


def test_a_planned_leave_begins_by_the_clock(atlas: Website) -> None:
    row = writer(atlas)
    actions.take_leave(row, by=own(row), since=NOW + DAY, until=NOW + 2 * DAY)
    assert (reread(row).status, row.refusal(NOW)) == (S.APPROVED, None)
    with time_machine.travel(NOW + DAY, tick=False):
        tasks.turn_clock(atlas)
        tasks.turn_clock(atlas)
    assert reread(row).status == S.ON_LEAVE
    assert verbs(row) == ["writer.plan_leave", "writer.begin_leave"]


def test_return_ends_a_leave_or_takes_a_planned_one_back(atlas: Website) -> None:
    row = writer(atlas)
    actions.take_leave(row, by=own(row), until=NOW + DAY)
    actions.return_from_leave(row, by=own(row))
    actions.take_leave(row, by=own(row), since=NOW + DAY, until=NOW + 2 * DAY)
    actions.return_from_leave(row, by=own(row))
    assert (reread(row).status, reread(row).leave_from, reread(row).leave_until) == (S.APPROVED, None, None)
    assert verbs(row) == ["writer.leave", "writer.return", "writer.plan_leave", "writer.cancel_leave"]
    before = state(row)
    with pytest.raises(WrongState):
        actions.return_from_leave(row, by=own(row))
    assert state(row) == before


@pytest.mark.parametrize(("since", "until"), [(None, NOW), (None, NOW - DAY), (NOW + DAY, NOW + DAY)])
def test_a_leave_ends_after_it_starts(atlas: Website, since: dt.datetime | None, until: dt.datetime) -> None:
    row = writer(atlas)
    before = state(row)
    with pytest.raises(Invalid) as refused:
        actions.take_leave(row, by=own(row), since=since, until=until)
    assert [error.field for error in refused.value.errors] == ["until"]
    assert state(row) == before


@pytest.mark.parametrize("since", [None, NOW + DAY])
@pytest.mark.parametrize("status", [S.APPLIED, S.REJECTED, S.SUSPENDED, S.ON_LEAVE])
def test_only_who_is_at_work_takes_leave(atlas: Website, status: str, since: dt.datetime | None) -> None:
    row = in_status(atlas, status)
    before = state(row)
    with pytest.raises(WrongState):
        actions.take_leave(row, by=own(row), since=since, until=NOW + 3 * DAY)
    assert state(row) == before


def test_a_profile_changes_only_in_what_is_given(atlas: Website) -> None:
    row = writer(atlas, subjects=("law", "history"), paper_types=("essay",), bio="Old.")
    actions.change_profile(row, by=own(row), subjects=["law", "biology"])
    assert sorted(Skill.objects.of(atlas).filter(kind="subject").values_list("code", flat=True)) == ["biology", "law"]
    assert Skill.objects.of(atlas).filter(kind="paper_type").count() == 1
    assert (reread(row).bio, reread(row).version) == ("Old.", 2)
    assert Event.objects.of(atlas).get(verb="writer.change_profile").data == {"fields": ["subjects"]}


def test_a_pen_name_that_is_taken_changes_nothing(atlas: Website) -> None:
    writer(atlas, pen_name="Quill")
    row = writer(atlas, subjects=("law",))
    before = state(row)
    with pytest.raises(Invalid):
        actions.change_profile(row, by=own(row), pen_name="quill", subjects=[])
    assert state(row) == before
    assert Skill.objects.of(atlas).count() == 1


def test_a_level_changes_with_a_reason(atlas: Website, admin: Actor) -> None:
    row = writer(atlas, level="junior")
    actions.change_level(row, by=admin, level="senior", reason="Good record.")
    actions.change_level(row, by=admin, level="senior", reason="Again.")
    assert reread(row).level == "senior"
    event = Event.objects.of(atlas).get(verb="writer.change_level")
    assert (event.data, event.reason) == ({"was": "junior", "level": "senior"}, "Good record.")
    with pytest.raises(Invalid):
        actions.change_level(row, by=admin, level="grand", reason="r")


def test_favour_and_block_exclude_each_other_and_the_writer_is_no_party(atlas: Website) -> None:
    client = actor(membership(atlas, Role.CLIENT))
    row = writer(atlas)
    for kind in (ChoiceKind.FAVOUR, ChoiceKind.FAVOUR, ChoiceKind.BLOCK):
        actions.choose_writer(row, kind, by=client)
    assert list(Choice.objects.of(atlas).values_list("client_id", "kind")) == [(client.membership_id, "block")]
    actions.withdraw_choice(row, ChoiceKind.FAVOUR, by=client)
    assert Choice.objects.of(atlas).count() == 1
    actions.withdraw_choice(row, ChoiceKind.BLOCK, by=client)
    actions.withdraw_choice(row, ChoiceKind.BLOCK, by=client)
    assert verbs(row) == ["writer.favour", "writer.block", "writer.unblock"]
    parties = set(Event.objects.of(atlas).values_list("client_id", "writer_id"))
    assert parties == {(client.membership_id, None)}


def test_the_database_wants_an_end_of_every_suspension_and_leave(atlas: Website) -> None:
    row = writer(atlas)
    for values in ({"status": S.SUSPENDED}, {"status": S.ON_LEAVE}, {"leave_from": NOW, "leave_until": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Writer.objects.of(atlas).filter(pk=row.pk).update(**values)


def test_the_database_refuses_a_choice_across_websites(atlas: Website) -> None:
    client = membership(atlas, Role.CLIENT)
    foreign = writer(website("borealis"))

    @transaction.atomic
    def choose() -> None:
        Choice.objects.of(atlas).create(client=client, writer_id=foreign.pk, kind="favour", created_at=NOW)
        transaction.get_connection().check_constraints()

    with pytest.raises(IntegrityError):
        choose()
