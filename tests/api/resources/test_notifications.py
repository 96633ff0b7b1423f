"""`/notifications/`: own ones only, read one by one or all, and how one wants to be told."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.notifications.models import Group, Notification, Preference
from copydesk.tenancy.scope import website_scope
from tests.api.client import anonymous, as_, as_user
from tests.factories import accounts, tenancy

pytestmark = pytest.mark.django_db
PATH = "/api/v1/notifications/"


def notification(member: Membership, event_id: int, *, read: bool = False, shown: bool = True) -> int:
    with website_scope(member.website_id):
        row = Notification.objects.of(member.website_id).create(
            member=member,
            event_id=event_id,
            verb="order.pay",
            title=f"Order {event_id} is paid",
            root_type="order",
            root_id=event_id,
            shown=shown,
            created_at=clock.now(),
            read_at=clock.now() if read else None,
        )
        return row.pk


@pytest.fixture
def member() -> Membership:
    return accounts.membership(tenancy.website())


def test_own_ones_newest_first_with_the_number_of_unread(member: Membership) -> None:
    other = accounts.membership(member.website)
    foreign = accounts.membership(tenancy.website("borealis"))
    ids = [notification(member, 1), notification(member, 2, read=True), notification(member, 3)]
    notification(member, 4, shown=False)
    notification(other, 5)
    notification(foreign, 6)
    answer = as_(member).get(PATH)
    assert [row["id"] for row in answer["results"]] == ids[::-1]
    assert (answer["count"], answer["unread"]) == (3, 2)
    row = answer["results"][0]
    assert set(row) == {"id", "event_id", "verb", "title", "root_type", "root_id", "created_at", "read_at"}
    assert (row["title"], row["root_type"], row["root_id"], row["read_at"]) == ("Order 3 is paid", "order", 3, None)


@pytest.mark.parametrize(("unread", "events"), [("true", [3, 1]), ("false", [2])])
def test_unread_alone(member: Membership, unread: str, events: list[int]) -> None:
    notification(member, 1)
    notification(member, 2, read=True)
    notification(member, 3)
    answer = as_(member).get(PATH, unread=unread)
    assert [row["event_id"] for row in answer["results"]] == events
    assert answer["unread"] == 2


@pytest.mark.parametrize(
    ("query", "field"), [({"unread": "perhaps"}, "unread"), ({"page": "x"}, "page"), ({"since": "1"}, "since")]
)
def test_bad_parameters(member: Membership, query: dict[str, str], field: str) -> None:
    assert as_(member).get(PATH, 400, **query)["errors"][0]["field"] == field


def test_the_number_of_queries_does_not_grow(member: Membership) -> None:
    caller = as_(member)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            caller.get(PATH)
        return len(captured)

    notification(member, 1)
    few = queries()
    for event_id in range(2, 12):
        notification(member, event_id)
    assert queries() == few


def test_one_is_read_and_stays_read(member: Membership) -> None:
    row_id = notification(member, 1)
    notification(member, 2)
    caller = as_(member)
    first = caller.post(f"{PATH}{row_id}/read/")
    assert first["read_at"] is not None
    assert caller.post(f"{PATH}{row_id}/read/") == first
    assert caller.get(PATH)["unread"] == 1


def test_others_are_unknown(member: Membership) -> None:
    other = notification(accounts.membership(member.website), 1)
    foreign = notification(accounts.membership(tenancy.website("borealis")), 2)
    caller = as_(member)
    for row_id in (other, foreign, notification(member, 3, shown=False), 10**17):
        assert caller.post(f"{PATH}{row_id}/read/", status=404)["code"] == "not_found"
    with website_scope(member.website_id):
        assert not Notification.objects.of(member.website).exclude(read_at=None).exists()


def test_all_are_read(member: Membership) -> None:
    other = accounts.membership(member.website)
    notification(other, 9)
    for event_id in (1, 2):
        notification(member, event_id)
    caller = as_(member)
    assert caller.post(f"{PATH}read-all/") == {"read": 2}
    assert caller.post(f"{PATH}read-all/") == {"read": 0}
    assert as_(other).get(PATH)["unread"] == 1


def chosen(caller_answer: dict[str, list[dict[str, object]]]) -> dict[object, tuple[object, object]]:
    return {row["group"]: (row["in_app"], row["email"]) for row in caller_answer["preferences"]}


@pytest.mark.parametrize(("role", "email"), [(Role.CLIENT, True), (Role.WRITER, True), (Role.ADMIN, False)])
def test_preferences_begin_at_the_default(role: Role, email: bool) -> None:
    caller = as_(accounts.membership(tenancy.website(), role))
    assert chosen(caller.get(f"{PATH}preferences/")) == {group.value: (True, email) for group in Group}


def test_preferences_are_replaced(member: Membership) -> None:
    caller = as_(member)
    wanted = [{"group": "orders", "in_app": False, "email": False}, {"group": "money", "in_app": True, "email": True}]
    answer = caller.put(f"{PATH}preferences/", {"preferences": wanted})
    assert chosen(answer)["orders"] == (False, False)
    assert chosen(caller.get(f"{PATH}preferences/")) == chosen(answer)
    caller.put(f"{PATH}preferences/", {"preferences": [{"group": "messages", "in_app": True, "email": False}]})
    after = chosen(caller.get(f"{PATH}preferences/"))
    assert (after["orders"], after["messages"]) == ((True, True), (True, False))
    with website_scope(member.website_id):
        assert Preference.objects.of(member.website).count() == 1, "what is the default is not kept"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "preferences"),
        ({"preferences": "all"}, "preferences"),
        ({"preferences": [{"group": "weather", "in_app": True, "email": True}]}, "preferences.0.group"),
        ({"preferences": [{"group": "orders", "in_app": "perhaps", "email": True}]}, "preferences.0.in_app"),
        ({"preferences": [{"group": "orders", "in_app": True}]}, "preferences.0.email"),
        ({"preferences": [{"group": "orders", "in_app": True, "email": True}] * 2}, "preferences"),
        ({"preferences": [], "sms": True}, "sms"),
    ],
)
def test_bad_preferences_change_nothing(member: Membership, body: dict[str, object], field: str) -> None:
    caller = as_(member)
    caller.put(f"{PATH}preferences/", {"preferences": [{"group": "orders", "in_app": False, "email": False}]})
    assert caller.put(f"{PATH}preferences/", body, 400)["errors"][0]["field"] == field
    assert chosen(caller.get(f"{PATH}preferences/"))["orders"] == (False, False)


def test_a_superadmin_is_no_member_and_is_told_nothing(member: Membership) -> None:
    notification(member, 1)
    caller = as_user(accounts.superadmin(), member.website)
    assert caller.get(PATH)["results"] == []
    assert caller.put(f"{PATH}preferences/", {"preferences": []}, 409)["code"] == "no_member"


def test_strangers(member: Membership) -> None:
    row_id = notification(member, 1)
    caller = anonymous(member.website)
    caller.get(PATH, 401)
    caller.post(f"{PATH}{row_id}/read/", status=401)
    caller.post(f"{PATH}read-all/", status=401)
    caller.get(f"{PATH}preferences/", 401)
    caller.put(f"{PATH}preferences/", {"preferences": []}, 401)
