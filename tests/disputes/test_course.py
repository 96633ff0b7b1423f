"""Each step of a dispute, who may take it, and what the clock does in silence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid, Refusal, WrongState
from copydesk.core.period import Compare, Granularity, Period
from copydesk.disputes import actions, errors, tasks
from copydesk.disputes.models import (
    ACTIVE,
    AWAITING,
    TURNS,
    Dispute,
    DisputeStatus,
    Evidence,
    OnSilence,
    Outcome,
    Party,
    Stage,
    Statement,
)
from copydesk.disputes.policies import DisputePolicy
from copydesk.disputes.queries.proof import proof
from copydesk.journal.models import Event
from copydesk.orders import errors as order_errors
from copydesk.orders.actions import course, delivery
from copydesk.orders.models import DisputeReason, ExcusedTime, Order, Status
from copydesk.orders.queries.figures import order_figures
from copydesk.payments.models import Earning, EarningHold
from copydesk.refunds.actions import request_refund
from copydesk.refunds.errors import OrderDisputed
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, disputes, orders
from tests.factories.accounts import actor
from tests.factories.files import upload

S = DisputeStatus
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
MAIL = "someone@example.com"


def again(row: Dispute) -> Dispute:
    return Dispute.objects.of(row.website_id).get(pk=row.pk)


def order_of(row: Dispute) -> Order:
    return Order.objects.of(row.website_id).get(pk=row.order_id)


def stages_of(row: Dispute) -> list[tuple[str, str]]:
    found = Stage.objects.of(row.website_id).filter(dispute=row).order_by("pk")
    return list(found.values_list("status", "ended_by"))


def events_of(row: Dispute) -> list[tuple[str, str, str, str]]:
    found = Event.objects.of(row.website_id).filter(subject_type="dispute", subject_id=row.pk).order_by("pk")
    return list(found.values_list("verb", "before", "after", "role"))


def everything(website: Website) -> list[Any]:
    """What a refusal must not change."""
    return [
        [list(model.objects.of(website).order_by("pk").values()) for model in (Dispute, Stage, Statement, Evidence)],
        list(Order.objects.of(website).order_by("pk").values("status", "version", "held_from")),
        Event.objects.of(website).count(),
        Earning.objects.of(website).count(),
    ]


def refused(website: Website, with_: type[Refusal], act: Any) -> Refusal:
    before = everything(website)
    with pytest.raises(with_) as caught, transaction.atomic():
        act()
    assert everything(website) == before
    return caught.value


class TestOpening:
    @pytest.mark.parametrize("state", disputes.STATES)
    def test_a_clients_asks_the_writer(
        self, client: Membership, writer: Membership, noon: dt.datetime, state: str
    ) -> None:
        order = disputes.STATES[state](client, writer)
        row = again(disputes.dispute_of(order, client, "late_delivery", f"Late. Write to {MAIL}."))
        assert (row.status, row.opener, row.order_from, row.reason) == (
            "awaiting_writer",
            "client",
            state,
            "late_delivery",
        )
        assert (row.client_id, row.writer_id, row.opened_by_id) == (client.pk, writer.pk, client.pk)
        assert (row.due_at, row.on_silence) == (noon + 48 * HOUR, "review")
        assert stages_of(row) == [("awaiting_writer", "")]
        assert events_of(row) == [
            ("dispute.open", "", "open", "client"),
            ("dispute.forward", "open", "awaiting_writer", "system"),
        ]
        assert order_of(row).status == Status.DISPUTED
        (said,) = Statement.objects.of(client.website).filter(dispute=row)
        assert (said.number, said.side, said.author_id, said.stage) == (1, "client", client.pk, "open")
        assert said.text == "Late. Write to [removed]."
        assert said.masked == {"email": 1}
        assert said.sha256 == proof(row.pk, 1, "client", said.text, noon, [])
        assert EarningHold.objects.of(client.website).filter(released_at=None).count() == 1

    def test_a_writers_asks_the_client(self, client: Membership, writer: Membership) -> None:
        row = again(disputes.dispute_of(orders.order_in_progress(client, writer), writer, "conduct_issue"))
        assert (row.status, row.opener, row.on_silence) == ("awaiting_client", "writer", "review")

    def test_staff_say_whom_they_ask(
        self, client: Membership, writer: Membership, support: Membership, noon: dt.datetime
    ) -> None:
        row = again(disputes.dispute_of(orders.delivered_order(client, writer), support))
        assert (row.status, row.opener, row.due_at, row.on_silence) == (
            "open",
            "staff",
            noon + 24 * HOUR,
            "asks_writer",
        )
        assert stages_of(row) == [("open", "")]

    def test_one_is_active_of_an_order(self, client: Membership, writer: Membership, website: Website) -> None:
        row = disputes.dispute(client, writer)
        refused(website, WrongState, lambda: disputes.dispute_of(order_of(row), client))
        row.pk, row._state.adding = None, True
        with pytest.raises(IntegrityError, match="dispute_one_active"), transaction.atomic():
            row.save()

    def test_refusals(
        self,
        client: Membership,
        writer: Membership,
        writer2: Membership,
        website: Website,
        frozen: time_machine.Coordinates,
    ) -> None:
        order, other = orders.delivered_order(client, writer), accounts.membership(website)
        refused(website, order_errors.NotYours, lambda: disputes.dispute_of(order, other))
        refused(website, order_errors.NotYours, lambda: disputes.dispute_of(order, writer2))
        refused(website, order_errors.ReasonRequired, lambda: disputes.dispute_of(order, client, statement=""))
        refused(website, Invalid, lambda: disputes.dispute_of(order, client, statement="   "))
        refused(website, Invalid, lambda: disputes.dispute_of(order, client, reason="boredom"))
        refused(website, Forbidden, lambda: disputes.dispute_of(order, accounts.membership(website, "editor")))
        refused(website, WrongState, lambda: disputes.dispute_of(orders.available_order(client), client))
        completed = orders.completed_order(client, writer)
        frozen.shift(dt.timedelta(days=14))
        refused(website, order_errors.DisputeWindowClosed, lambda: disputes.dispute_of(completed, client))

    def test_what_was_decided_is_not_asked_again(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        website: Website,
        frozen: time_machine.Coordinates,
    ) -> None:
        row = disputes.reviewed(client, writer)
        frozen.shift(HOUR)
        disputes.resolved(row, admin)
        order = order_of(row)
        refused(website, errors.DisputeSettled, lambda: disputes.dispute_of(order, client))
        for by, reason in ((client, "plagiarism"), (admin, "quality_issue")):
            with transaction.atomic():
                assert disputes.dispute_of(order, by, reason).status in ACTIVE
                transaction.set_rollback(True)
        frozen.shift(HOUR)
        delivery.request_revision(order_of(row), by=actor(client), reason="Longer.")
        orders.work_file(order_of(row), writer)
        delivery.submit(order_of(row), by=actor(writer))
        assert disputes.dispute_of(order_of(row), client).status == "awaiting_writer"


class TestAnswers:
    def test_an_answer_brings_it_under_review(
        self, client: Membership, writer: Membership, noon: dt.datetime, frozen: time_machine.Coordinates
    ) -> None:
        row = disputes.dispute(client, writer)
        frozen.shift(HOUR)
        with transaction.atomic():
            files = [upload("proof.txt", b"page two"), upload("more.txt", b"page three")]
            said = actions.respond(row, by=actor(writer), text=" Read page two. ", uploads=files)
        row = again(row)
        assert (row.status, row.due_at, row.on_silence) == ("under_review", noon + 73 * HOUR, "reminds")
        assert stages_of(row) == [("awaiting_writer", "answered"), ("under_review", "")]
        assert events_of(row)[-1] == ("dispute.respond", "awaiting_writer", "under_review", "writer")
        assert (said.number, said.side, said.text, said.stated_at) == (2, "writer", "Read page two.", noon + HOUR)
        kept = [one.file for one in Evidence.objects.of(row.website_id).filter(statement=said).order_by("pk")]
        assert [file.name for file in kept] == ["proof.txt", "more.txt"]
        hashes = [(file.name, file.sha256) for file in kept]
        assert said.sha256 == proof(row.pk, 2, "writer", "Read page two.", noon + HOUR, hashes)

    def test_others_add_to_it_and_it_stays(self, client: Membership, writer: Membership, support: Membership) -> None:
        row = disputes.dispute(client, writer)
        for by in (client, support):
            assert again(disputes.answer(row, by, "One thing more.")).status == "awaiting_writer"
        row = disputes.answer(row, writer)
        assert again(disputes.answer(row, writer, "And this.")).status == "under_review"
        sides = Statement.objects.of(row.website_id).filter(dispute=row).order_by("number")
        assert [(one.number, one.side, one.stage) for one in sides] == [
            (1, "client", "open"),
            (2, "client", "awaiting_writer"),
            (3, "staff", "awaiting_writer"),
            (4, "writer", "awaiting_writer"),
            (5, "writer", "under_review"),
        ]
        assert stages_of(row) == [("awaiting_writer", "answered"), ("under_review", "")]

    def test_staff_ask_a_side(self, client: Membership, writer: Membership, support: Membership) -> None:
        row = disputes.asked(disputes.reviewed(client, writer), support, Party.CLIENT)
        assert (again(row).status, again(row).on_silence) == ("awaiting_client", "expires")
        disputes.answer(row, client)
        disputes.asked(row, support, Party.WRITER)
        assert (again(row).status, again(row).on_silence) == ("awaiting_writer", "review")
        assert [how for _, how in stages_of(row)] == ["answered", "asked", "answered", "asked", ""]

    def test_refusals(
        self, client: Membership, writer: Membership, writer2: Membership, support: Membership, website: Website
    ) -> None:
        row = disputes.dispute(client, writer)
        strangers = [writer2, accounts.membership(website), accounts.membership(website, "editor")]
        for stranger in strangers:
            refused(website, Forbidden, lambda by=stranger: disputes.answer(row, by))
        refused(website, Invalid, lambda: disputes.answer(row, writer, "  "))
        refused(website, Invalid, lambda: disputes.answer(row, writer, ask=Party.CLIENT))
        refused(website, Invalid, lambda: disputes.answer(row, support, ask=Party.STAFF))
        refused(website, errors.AskedAlready, lambda: disputes.answer(row, support, ask=Party.CLIENT))
        many = [upload(f"{n}.txt", b"x") for n in range(11)]
        refused(website, errors.TooManyFiles, lambda: disputes.answer(row, writer, uploads=many))
        refused(website, Forbidden, lambda: actions.respond(row, by=Actor.system(website), text="I am a clock."))


class TestWithdrawing:
    @pytest.mark.parametrize("state", disputes.STATES)
    def test_the_order_goes_back(
        self, client: Membership, writer: Membership, state: str, frozen: time_machine.Coordinates, noon: dt.datetime
    ) -> None:
        order = disputes.STATES[state](client, writer)
        due, number = order.writer_due_at, order.rounds.count()
        row = disputes.dispute_of(order, client)
        frozen.shift(5 * HOUR)
        actions.withdraw_dispute(row, by=actor(client), reason=f"Settled. {MAIL}")
        row, order = again(row), order_of(row)
        assert (row.status, row.closed_at, row.due_at, row.verdict) == ("withdrawn", noon + 5 * HOUR, None, "")
        assert (order.status, order.held_from, order.rounds.count()) == (state, "", number)
        assert order.writer_due_at == (due + 5 * HOUR if due else None)
        assert order.approve_at == (noon + 5 * HOUR + dt.timedelta(days=7) if state == "delivered" else None)
        assert not ExcusedTime.objects.of(order.website_id).filter(until=None).exists()
        assert not EarningHold.objects.of(order.website_id).filter(released_at=None).exists()
        assert stages_of(row)[-1] == ("awaiting_writer", "withdrawn")
        event = Event.objects.of(order.website_id).get(verb="dispute.withdraw")
        assert (event.reason, event.role) == ("Settled. [removed]", "client")

    def test_by_the_side_that_opened_it(
        self, client: Membership, writer: Membership, support: Membership, admin: Membership, website: Website
    ) -> None:
        row = disputes.dispute(client, writer)
        for other in (writer, support, admin):
            refused(website, errors.NotYours, lambda by=other: actions.withdraw_dispute(row, by=actor(by)))
        stranger = actor(accounts.membership(website))
        refused(website, Forbidden, lambda: actions.withdraw_dispute(row, by=stranger))
        own = disputes.dispute_of(orders.delivered_order(client, writer), support)
        assert actions.withdraw_dispute(own, by=actor(admin)).status == "withdrawn"
        written = disputes.dispute_of(orders.delivered_order(client, writer), writer)
        assert actions.withdraw_dispute(written, by=actor(writer)).status == "withdrawn"

    def test_a_closed_one_is_final(
        self, client: Membership, writer: Membership, admin: Membership, support: Membership, website: Website
    ) -> None:
        row = disputes.reviewed(client, writer)
        disputes.resolved(row, admin)
        refused(website, WrongState, lambda: actions.withdraw_dispute(row, by=actor(client)))
        refused(website, WrongState, lambda: disputes.answer(row, support))
        refused(website, WrongState, lambda: disputes.resolved(row, admin))
        with pytest.raises(Error, match="kept as it is"), transaction.atomic():
            Dispute.objects.of(website).filter(pk=row.pk).update(note="Another")
        with pytest.raises(Error, match=r"kept as it is|permission denied"), transaction.atomic():
            Dispute.objects.of(website).filter(pk=row.pk)._raw_delete("default")  # type: ignore[attr-defined]


class TestSilence:
    def due(self, row: Dispute, frozen: time_machine.Coordinates) -> Dispute:
        """A minute early nothing happens; then what was told."""
        due = again(row).due_at
        assert due is not None
        frozen.move_to(due - dt.timedelta(minutes=1))
        before = everything(row.website)
        tasks.keep_due_times(row.website)
        assert everything(row.website) == before
        with pytest.raises(order_errors.NotYet):
            actions.keep_time(row, by=Actor.system(row.website))
        frozen.move_to(due)
        tasks.keep_due_times(row.website)
        return again(row)

    def test_of_the_other_side(self, client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
        row = self.due(disputes.dispute(client, writer), frozen)
        assert (row.status, stages_of(row)) == ("under_review", [("awaiting_writer", "silence"), ("under_review", "")])
        assert events_of(row)[-1] == ("dispute.lapse", "awaiting_writer", "under_review", "system")
        assert order_of(row).status == Status.DISPUTED
        late = disputes.answer(row, writer)
        assert again(late).status == "under_review"

    def test_of_whoever_opened_it(
        self, client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        row = self.due(disputes.asked(disputes.reviewed(client, writer), support, Party.CLIENT), frozen)
        assert (row.status, row.due_at, order_of(row).status) == ("expired", None, "delivered")
        assert not EarningHold.objects.of(row.website_id).filter(released_at=None).exists()
        assert events_of(row)[-1] == ("dispute.expire", "awaiting_client", "expired", "system")

    def test_of_staff(
        self, client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        row = self.due(disputes.dispute_of(orders.delivered_order(client, writer), support), frozen)
        assert (row.status, row.on_silence) == ("awaiting_writer", "review")
        row = disputes.answer(row, writer)
        first = again(row).due_at
        row = self.due(row, frozen)
        assert (row.status, row.reminders, row.on_silence) == ("under_review", 1, "reminds")
        assert first
        assert row.due_at == first + 72 * HOUR
        assert self.due(row, frozen).reminders == 2
        assert [one for one, *_ in events_of(row)].count("dispute.remind") == 2

    def test_as_it_was_told_when_it_was_opened(
        self,
        client: Membership,
        writer: Membership,
        support: Membership,
        website: Website,
        frozen: time_machine.Coordinates,
    ) -> None:
        told = disputes.dispute(client, writer)
        store_policy(website, "disputes", {"answer_hours": 5, "other_silence": "expires", "opener_silence": "review"})
        newer = disputes.dispute(client, writer)
        assert (again(newer).policy_version, again(newer).on_silence) == (1, "expires")
        assert self.due(newer, frozen).status == "expired"
        assert self.due(told, frozen).status == "under_review"

    @pytest.mark.parametrize("wrong", [{"other_silence": "client_wins"}, {"open_hours": 0}, {"bulk_cap": "9"}])
    def test_policies_are_checked(self, website: Website, wrong: dict[str, Any]) -> None:
        with pytest.raises(Invalid):
            store_policy(website, "disputes", wrong)
        assert DisputePolicy.of(website).version == 0


class TestWhileItIsOpen:
    def test_nothing_else_happens_to_the_order(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        website: Website,
        frozen: time_machine.Coordinates,
    ) -> None:
        row = disputes.dispute_of(orders.completed_order(client, writer), client)
        order = order_of(row)
        for act in (
            lambda: delivery.approve(order, by=actor(client)),
            lambda: delivery.approve(order, by=Actor.system(website)),
            lambda: delivery.request_revision(order, by=actor(client), reason="More."),
            lambda: course.cancel(order, by=actor(admin), reason="No."),
            lambda: course.hold(order, by=actor(admin), reason="No."),
        ):
            refused(website, WrongState, act)
        with pytest.raises(OrderDisputed):
            request_refund(order, amount_minor=100, reason="No.", by=actor(client))
        frozen.shift(dt.timedelta(days=30))
        assert Earning.objects.of(website).filter(writer_id=writer.pk).exists()
        assert not Earning.objects.of(website).payable(clock.now()).exists()

    def test_statements_are_kept_as_they_are(self, client: Membership, writer: Membership, website: Website) -> None:
        row = disputes.dispute(client, writer)
        for rows in (Statement.objects.of(website), Evidence.objects.of(website)):
            for act in (
                lambda rows=rows: rows.update(website_id=website.pk),
                lambda rows=rows: rows._raw_delete("default"),
            ):
                with pytest.raises(Error, match=r"append-only|permission denied"), transaction.atomic():
                    act()
        with pytest.raises(Error, match="kept as it is"), transaction.atomic():
            Dispute.objects.of(website).filter(pk=row.pk).update(reason="other")
        with pytest.raises(Error, match="kept as it is"), transaction.atomic():
            Stage.objects.of(website).filter(dispute=row).update(since=row.opened_at - HOUR)


def test_reasons_and_turns_of_all_stages() -> None:
    assert set(TURNS) == set(ACTIVE)
    assert set(AWAITING.values()) < set(ACTIVE)
    assert {reason.value for reason in DisputeReason} == {
        "quality_issue", "missed_instructions", "late_delivery", "wrong_file", "plagiarism", "conduct_issue",
        "payment_issue", "other",
    }  # fmt: skip
    assert set(OnSilence) == {"asks_writer", "review", "expires", "reminds"}


def test_the_lock_stands_in_the_statement(client: Membership, writer: Membership) -> None:
    row = disputes.dispute(client, writer)
    with CaptureQueriesContext(connection) as seen:
        disputes.answer(row, writer)
    texts = [query["sql"] for query in seen.captured_queries]
    locked = next(at for at, text in enumerate(texts) if "FOR NO KEY UPDATE" in text and "disputes_dispute" in text)
    written = next(at for at, text in enumerate(texts) if text.startswith('INSERT INTO "disputes_statement"'))
    assert locked < written


def test_a_superadmin_answers_for_staff(client: Membership, writer: Membership, website: Website) -> None:
    row = disputes.reviewed(client, writer)
    superadmin = Actor(website, Role.SUPERADMIN, user_id=accounts.superadmin().pk)
    said = actions.respond(row, by=superadmin, text="Show it.", ask=Party.WRITER)
    assert (said.side, said.author_id, again(row).status) == ("staff", None, "awaiting_writer")


@pytest.mark.parametrize(
    ("outcome", "rate"),
    [(Outcome.CLIENT_WINS, 0.5), (Outcome.REASSIGN, 0.5), (Outcome.WRITER_WINS, 1.0)],
)
def test_what_was_completed_and_found_wanting_counts_against_the_writer(
    client: Membership, writer: Membership, admin: Membership, website: Website, outcome: Outcome, rate: float
) -> None:
    row = disputes.reviewed(client, writer, "completed")
    given = {"new_deadline": clock.now() + 5 * DAY} if outcome is Outcome.REASSIGN else {}
    disputes.resolved(row, admin, outcome, **given)
    now = clock.now()
    period = Period(now - DAY, now + DAY, "UTC", Granularity.DAY, Compare.NONE)
    found, *_ = order_figures(website, period)
    assert (found.completed, found.completion_rate.value) == (1, rate)
