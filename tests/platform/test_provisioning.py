"""The first superadmin and a website with all it needs, by their commands."""

from __future__ import annotations

import dataclasses
import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from copydesk.accounts.actions import log_in
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.platform import provisioning
from copydesk.platform.management.commands import create_superadmin
from copydesk.tenancy.models import Policy, Website, WebsiteStatus
from copydesk.tenancy.policies import PolicyBase
from copydesk.tenancy.scope import PLATFORM, across_websites, website_scope
from tests.api.client import anonymous, as_
from tests.factories import accounts, tenancy
from tests.jobs import queued, run_jobs

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
ARGUMENTS = {
    "slug": "calypso",
    "name": "Calypso Papers",
    "currency": "GBP",
    "timezone": "Europe/London",
    "domain": "Calypso.example",
    "admin": "Boss@calypso.test",
}


def superadmin(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> None:
    monkeypatch.setenv(create_superadmin.VARIABLE, password)
    call_command("create_superadmin", email, stdout=StringIO())


def website(**changed: str) -> Website:
    given = {**ARGUMENTS, **changed}
    options = [f"--{name}={given[name]}" for name in ("currency", "timezone", "domain", "admin")]
    call_command("create_website", given["slug"], given["name"], *options, stdout=StringIO())
    with across_websites():
        return Website.objects.get(slug=given["slug"])


def websites() -> int:
    with across_websites():
        return Website.objects.count()


def test_a_superadmin_logs_in_and_stands_above_websites(monkeypatch: pytest.MonkeyPatch) -> None:
    superadmin(monkeypatch, "Root@copydesk.test", PASSWORD)
    user, _ = log_in(email="root@copydesk.test", password=PASSWORD, code="", address=None)
    assert user.is_superadmin
    with website_scope(PLATFORM):
        event = Event.objects.of(PLATFORM).get()
        assert (event.verb, event.subject_id, event.role) == ("superadmin.create", user.pk, Role.SYSTEM)


def test_the_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(create_superadmin.VARIABLE, raising=False)
    answers = iter([PASSWORD, "another"])
    monkeypatch.setattr(create_superadmin.getpass, "getpass", lambda _: next(answers))
    with pytest.raises(CommandError, match="not the same"):
        call_command("create_superadmin", "root@copydesk.test")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [("root", PASSWORD, "email: "), ("root@x.test", "short", "password: "), ("known@x.test", PASSWORD, "already")],
)
def test_refused_superadmins(monkeypatch: pytest.MonkeyPatch, email: str, password: str, message: str) -> None:
    known = accounts.user("known@x.test")
    with pytest.raises(CommandError, match=message):
        superadmin(monkeypatch, email, password)
    assert list(User.objects.filter(is_superadmin=True)) == []
    assert list(User.objects.all()) == [known]


def test_a_website_has_all_it_needs() -> None:
    made = website()
    assert (made.status, made.currency, made.domain) == (WebsiteStatus.ACTIVE, "GBP", "calypso.example")
    with website_scope(made.pk):
        member = Membership.objects.of(made).select_related("user", "website").get()
        assert (member.role, member.number, member.user.email) == (Role.ADMIN, 1, "boss@calypso.test")
        assert not member.user.has_usable_password()
        assert [event.verb for event in Event.objects.of(made.pk)] == ["member.invite"]
    with website_scope(PLATFORM):
        assert [(one.verb, one.subject_id) for one in Event.objects.of(PLATFORM)] == [("website.create", made.pk)]
    assert anonymous(made).get("/api/v1/public/catalog/")["currencies"] == ["GBP"]
    assert as_(member).get("/api/v1/orders/")["count"] == 0


def test_the_invitation_lets_the_admin_set_a_password() -> None:
    website()
    run_jobs()
    (message,) = mail.outbox
    assert message.to == ["boss@calypso.test"]
    assert "Calypso Papers" in message.subject
    found = re.search(r"/password-reset/(\S+)", message.body)
    assert found is not None
    answer = anonymous().post("/api/v1/auth/app/v1/auth/password/reset", {"key": found[1], "password": PASSWORD}, 401)
    assert answer["status"] == 401, "set, and to log in with"
    user, _ = log_in(email="boss@calypso.test", password=PASSWORD, code="", address=None)
    assert user.email == "boss@calypso.test"


def test_a_known_account_is_invited_with_its_own_password() -> None:
    known = accounts.user("boss@calypso.test", password=PASSWORD)
    made = website()
    run_jobs()
    assert "/password-reset/" not in mail.outbox[0].body
    with website_scope(made.pk):
        assert Membership.objects.of(made).get().user == known


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "Calypso"}, "slug"),
        ({"slug": "-"}, "slug"),
        ({"slug": "atlas"}, "slug"),
        ({"name": "Two\nlines"}, "name"),
        ({"name": " "}, "name"),
        ({"currency": "pounds"}, "currency"),
        ({"currency": "JPY"}, "currency"),
        ({"timezone": "London"}, "timezone"),
        ({"domain": "not a domain"}, "domain"),
        ({"domain": "ATLAS.example"}, "domain"),
        ({"admin": "boss"}, "email"),
    ],
)
def test_refused_websites_leave_nothing(changed: dict[str, str], field: str) -> None:
    tenancy.website("atlas", domain="atlas.example")
    with pytest.raises(CommandError, match=f"^{field}: "):
        website(**changed)
    assert websites() == 1
    assert not User.objects.exists()
    assert queued() == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CommandError) as refused:
        website(slug="?", currency="?", admin="?")
    assert all(f"{field}: " in str(refused.value) for field in ("slug", "currency", "email"))


def test_every_policy_is_stored_as_version_one_and_reads_back_as_it_was() -> None:
    made = website()
    with website_scope(made.pk):
        assert Policy.objects.of(made).count() == len(provisioning.POLICIES)
        for policy in provisioning.POLICIES:
            assert policy.of(made) == dataclasses.replace(policy(), version=1)


def test_no_policy_is_forgotten() -> None:
    ours = {one for one in PolicyBase.__subclasses__() if one.__module__.startswith("copydesk.")}
    assert ours == set(provisioning.POLICIES)


def test_arguments_of_the_command_hold_no_password() -> None:
    parser = create_superadmin.Command().create_parser("manage", "create_superadmin")
    names: set[Any] = {action.dest for action in parser._actions}
    assert not {name for name in names if "password" in name}
