"""Who is told of what: by the table, once, never whoever acted; shown and mailed as each has chosen."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from procrastinate.contrib.django import app

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.journal.verbs import VERBS
from copydesk.notifications import actions, reactions
from copydesk.notifications.actions import Choice
from copydesk.notifications.mail import ConsoleAndFileBackend
from copydesk.notifications.models import Group, Notification, Preference
from copydesk.notifications.reactions import HEARS, REACTIONS, Hears, Tell
from copydesk.orders.actions import staffing
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy
from tests.factories.writers import writer as approved_writer
from tests.jobs import queued, run_jobs
from tests.journal.happenings import happen, known_verbs

__all__ = ["known_verbs"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("known_verbs", "heard")]

HAPPEN = Hears(
    Group.ORDERS,
    (
        Tell(Role.CLIENT, "{what} for the client"),
        Tell(Role.WRITER, "{what} for the writer"),
        Tell(Role.ADMIN, "{what} for admins", "delivered"),
    ),
)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reactions.HEARS, "thing.happen", HAPPEN)
    monkeypatch.setitem(reactions.REACTIONS, "thing.happen", ("notifications.notify",))


class Cast:
    def __init__(self, website: Website) -> None:
        self.website = website
        self.client = accounts.membership(website, Role.CLIENT)
        self.writer = accounts.membership(website, Role.WRITER)
        self.admin = accounts.membership(website, Role.ADMIN)
        self.other_client = accounts.membership(website, Role.CLIENT)
        self.support = accounts.membership(website, Role.SUPPORT)

    def happen(self, by: Membership, verb: str = "thing.happen", **values: Any) -> Event:
        with website_scope(self.website.pk):
            return happen(accounts.actor(by), verb, parties=(self.client.pk, self.writer.pk), **values)

    def told(self) -> set[tuple[int, str]]:
        with website_scope(self.website.pk):
            return set(Notification.objects.of(self.website).values_list("member_id", "title"))


@pytest.fixture
def cast() -> Cast:
    return Cast(tenancy.website())


def test_the_parties_are_told_each_in_its_own_words(cast: Cast) -> None:
    cast.happen(cast.support)
    run_jobs()
    assert cast.told() == {(cast.client.pk, "Thing 1 for the client"), (cast.writer.pk, "Thing 1 for the writer")}


def test_whoever_acted_is_not_told(cast: Cast) -> None:
    cast.happen(cast.client)
    run_jobs()
    assert cast.told() == {(cast.writer.pk, "Thing 1 for the writer")}


def test_what_the_clock_does_is_told_to_all(cast: Cast) -> None:
    with website_scope(cast.website.pk):
        happen(Actor.system(cast.website), parties=(cast.client.pk, cast.writer.pk), after="delivered")
    run_jobs()
    assert {member for member, _ in cast.told()} == {cast.client.pk, cast.writer.pk, cast.admin.pk}


def test_a_role_is_told_where_the_step_ended_there(cast: Cast) -> None:
    cast.happen(cast.support, after="delivered")
    run_jobs()
    assert (cast.admin.pk, "Thing 1 for admins") in cast.told()
    assert {member for member, _ in cast.told()} == {cast.client.pk, cast.writer.pk, cast.admin.pk}


@pytest.mark.parametrize("out", ["suspended", "closed"])
def test_the_suspended_and_the_closed_are_not_told(cast: Cast, out: str) -> None:
    with website_scope(cast.website.pk):
        if out == "suspended":
            Membership.objects.of(cast.website).filter(pk=cast.client.pk).update(status=MembershipStatus.SUSPENDED)
        else:
            cast.client.user.is_active = False
            cast.client.user.save()
    cast.happen(cast.support)
    run_jobs()
    assert {member for member, _ in cast.told()} == {cast.writer.pk}


def test_it_is_safe_to_run_twice(cast: Cast) -> None:
    event = cast.happen(cast.support)
    run_jobs()
    sent = len(mail.outbox)
    with website_scope(cast.website.pk):
        assert actions.notify(cast.website, event) == []
        for notification in Notification.objects.of(cast.website):
            actions.mail(cast.website, notification.pk)
    assert queued() == []
    assert len(cast.told()) == 2
    assert len(mail.outbox) == sent == 2


def test_the_mail_names_the_website_and_nobody(cast: Cast, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "desk@copydesk.test"
    cast.happen(cast.support)
    run_jobs()
    sent = {message.to[0]: message for message in mail.outbox}
    assert set(sent) == {cast.client.user.email, cast.writer.user.email}
    message = sent[cast.client.user.email]
    assert message.subject == "Atlas: Thing 1 for the client"
    assert message.from_email == "Atlas <desk@copydesk.test>"
    assert "/notifications/" in message.body
    for other in (cast.writer, cast.support, cast.admin):
        assert other.user.email not in message.message().as_string()
    with website_scope(cast.website.pk):
        assert not Notification.objects.of(cast.website).filter(mailed_at=None).exists()


def test_a_website_s_name_cannot_put_headers_in(cast: Cast) -> None:
    cast.website.name = "Atlas\nBcc: all@example.test"
    cast.happen(cast.support)
    with website_scope(cast.website.pk):
        cast.website.save()
    with pytest.raises(ValueError, match="newlines"):
        run_jobs()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("in_app", "email", "shown", "mails"), [(True, False, [True], 0), (False, True, [False], 1), (False, False, [], 0)]
)
def test_each_is_told_where_it_has_chosen(cast: Cast, in_app: bool, email: bool, shown: list[bool], mails: int) -> None:
    with website_scope(cast.website.pk):
        actions.choose([Choice(Group.ORDERS, in_app, email)], by=accounts.actor(cast.client))
    cast.happen(cast.writer)
    run_jobs()
    with website_scope(cast.website.pk):
        assert list(Notification.objects.of(cast.website).values_list("shown", flat=True)) == shown
    assert len(mail.outbox) == mails


def test_a_choice_for_another_group_changes_nothing(cast: Cast) -> None:
    with website_scope(cast.website.pk):
        actions.choose([Choice(Group.MONEY, False, False)], by=accounts.actor(cast.client))
        assert Preference.objects.of(cast.website).count() == 1
    cast.happen(cast.writer)
    run_jobs()
    assert len(cast.told()) == len(mail.outbox) == 1


def test_staff_are_not_mailed_unless_they_ask_for_it(cast: Cast) -> None:
    cast.happen(cast.support, after="delivered")
    run_jobs()
    assert cast.admin.user.email not in [message.to[0] for message in mail.outbox]
    with website_scope(cast.website.pk):
        actions.choose([Choice(Group.ORDERS, True, True)], by=accounts.actor(cast.admin))
    cast.happen(cast.support, after="delivered")
    run_jobs()
    assert cast.admin.user.email in [message.to[0] for message in mail.outbox]


def test_another_website_hears_nothing(cast: Cast) -> None:
    other = Cast(tenancy.website("borealis"))
    cast.happen(cast.support, after="delivered")
    run_jobs()
    assert other.told() == set()


def test_a_refused_transaction_tells_nobody(cast: Cast) -> None:
    with transaction.atomic():
        cast.happen(cast.support)
        transaction.set_rollback(True)
    assert queued() == []


def test_an_order_is_called_by_its_number() -> None:
    website = tenancy.website()
    client, staff = accounts.membership(website), accounts.membership(website, Role.ADMIN)
    writer = approved_writer(website)
    order = orders.available_order(client)
    run_jobs()
    with website_scope(website.pk):
        staffing.assign(order, writer.member_id, by=accounts.actor(staff))
    run_jobs()
    with website_scope(website.pk):
        told = Notification.objects.of(website).filter(verb="order.assign")
        assert {(one.member_id, one.title) for one in told} == {
            (client.pk, f"A writer has started on Order {order.number}"),
            (writer.member_id, f"Order {order.number} is yours to write"),
        }


# The table


def test_every_verb_of_the_table_exists() -> None:
    assert set(REACTIONS) - {"thing.happen"} <= set(VERBS)


@pytest.mark.parametrize("verb", sorted(HEARS))
def test_whoever_is_told_may_see_the_event(verb: str) -> None:
    for tell in HEARS[verb].tells:
        assert tell.role in VERBS[verb].see, f"{tell.role} is told of {verb} and may not see it"
        assert tell.text.format(what="Order 1")


def test_every_reaction_is_a_job_that_exists() -> None:
    app.perform_import_paths()
    assert {name for names in REACTIONS.values() for name in names} <= set(app.tasks)


# Mail without a server


def test_without_a_server_mail_goes_to_the_console_and_to_a_file(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    messages = [EmailMessage(f"Subject {n}", "A link: https://x.test/1", "a@x.test", [f"b{n}@x.test"]) for n in (1, 2)]
    assert ConsoleAndFileBackend().send_messages(messages) == 2
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    first = message_from_bytes(files[0].read_bytes())
    assert (first["Subject"], first["To"]) == ("Subject 1", "b1@x.test")
    assert "https://x.test/1" in capsys.readouterr().out
