"""`/writers/` over HTTP: who sees what, bad input, the unknown and the foreign."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Choice, Writer, WriterStatus
from tests.api.client import Caller, anonymous, as_, as_user
from tests.factories.accounts import membership, user
from tests.factories.tenancy import website
from tests.factories.writers import writer
from tests.jobs import queued, run_jobs

URL = "/api/v1/writers/"
S = WriterStatus


def ahead(**parts: int) -> str:
    return (clock.now() + dt.timedelta(**parts)).isoformat()


@pytest.fixture
def atlas(db: None) -> Website:
    return website()


@pytest.fixture
def client(atlas: Website) -> Membership:
    return membership(atlas, Role.CLIENT)


@pytest.fixture
def admin(atlas: Website) -> Membership:
    return membership(atlas, Role.ADMIN)


def ada(atlas: Website, **values: Any) -> Writer:
    account = user("ada.lovelace@people.test")
    account.full_name = "Ada Lovelace"
    account.save()
    return writer(membership(atlas, Role.WRITER, account=account), pen_name="Quill", **values)


def events(atlas: Website) -> int:
    with website_scope(atlas.pk):
        return Event.objects.of(atlas).count()


def fields(problem: Any) -> list[str]:
    return [error["field"] for error in problem["errors"]]


def test_a_client_sees_pen_names_and_never_the_person(atlas: Website, client: Membership) -> None:
    row = ada(atlas, subjects=("law", "history"), paper_types=("essay",), rating_milli=4_512, completed_orders=7)
    caller = as_(client)
    for answer in (caller.get(URL)["results"][0], caller.get(f"{URL}{row.pk}/")):
        assert answer == {
            "id": row.pk,
            "pen_name": "Quill",
            "bio": "",
            "level": "expert",
            "level_name": "Expert",
            "rating": 4.512,
            "completed_orders": 7,
            "subjects": ["history", "law"],
            "paper_types": ["essay"],
            "available": True,
            "choice": None,
        }
        assert b"Lovelace" not in caller.response.content
        assert b"people.test" not in caller.response.content


def test_a_client_does_not_find_those_who_were_never_admitted(atlas: Website, client: Membership) -> None:
    applied = writer(atlas, status=S.APPLIED)
    rejected = writer(atlas, status=S.REJECTED)
    suspended = writer(atlas, status=S.SUSPENDED, suspended_until=clock.now() + dt.timedelta(days=1))
    caller = as_(client)
    assert caller.get(URL)["count"] == 0
    assert caller.get(f"{URL}{applied.pk}/", 404)["code"] == "not_found"
    assert caller.get(f"{URL}{rejected.pk}/", 404)["code"] == "not_found"
    assert caller.get(f"{URL}{suspended.pk}/")["available"] is False


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_staff_see_everyone_with_the_person(atlas: Website, role: Role) -> None:
    row = ada(atlas)
    writer(atlas, status=S.APPLIED)
    caller = as_(membership(atlas, role))
    found = caller.get(URL, ordering="pen_name")
    assert found["count"] == 2
    assert {each["pen_name"] for each in found["results"]} == {"Quill", "Quill 2"}
    detail = caller.get(f"{URL}{row.pk}/")
    assert (detail["writer"]["full_name"], detail["writer"]["email"]) == ("Ada Lovelace", "ada.lovelace@people.test")
    assert caller.response["ETag"] == f'"writer-{row.pk}-1"'
    offered = {action["action"]: action["allowed"] for action in detail["available_actions"]}
    decides = {"approve": False, "reject": False, "suspend": True, "reinstate": False}
    assert offered == (decides if role is Role.ADMIN else {})


@pytest.mark.parametrize("role", [Role.WRITER, Role.EDITOR])
def test_writers_and_editors_do_not_browse_writers(atlas: Website, role: Role) -> None:
    row = ada(atlas)
    caller = as_(membership(atlas, role))
    caller.get(URL, 403)
    caller.get(f"{URL}{row.pk}/", 403)


def test_filters_narrow_and_each_row_fails_one_only(atlas: Website, admin: Membership) -> None:
    def make(name: str, **other: Any) -> Writer:
        values = {"level": "senior", "subjects": ("law",), "paper_types": ("essay",), **other}
        return writer(atlas, pen_name=name, **values)

    wanted = make("Grey Goose")
    make("Grey Owl", level="junior")
    make("Grey Jay", subjects=("history",))
    make("Grey Crow", paper_types=("law",))
    make("Red Goose 2")
    make("Grey Heron", status=S.REJECTED)
    params = {"status": "approved", "level": "senior", "subject": "law", "paper_type": "essay", "search": "gREY"}
    assert [row["id"] for row in as_(admin).send("GET", URL, query_params=params)["results"]] == [wanted.pk]


def test_the_unrated_come_after_the_rated(atlas: Website, client: Membership) -> None:
    unrated, best, good = writer(atlas), writer(atlas, rating_milli=4_900), writer(atlas, rating_milli=4_100)
    found = as_(client).get(URL, ordering="-rating")["results"]
    assert [row["id"] for row in found] == [best.pk, good.pk, unrated.pk]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "asleep"}, "status"),
        ({"choice": "like"}, "choice"),
        ({"ordering": "email"}, "ordering"),
        ({"page": "x"}, "page"),
        ({"nonsense": "1"}, "nonsense"),
    ],
)
def test_bad_parameters_are_named(atlas: Website, client: Membership, params: dict[str, str], field: str) -> None:
    assert fields(as_(client).send("GET", URL, 400, query_params=params)) == [field]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.SUPPORT])
def test_the_number_of_queries_does_not_grow(atlas: Website, role: Role) -> None:
    caller = as_(membership(atlas, role))
    numbers = []
    for _ in range(2):
        for _ in range(3):
            writer(atlas, subjects=("law",))
        with CaptureQueriesContext(connection) as captured:
            caller.get(URL)
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] <= 10


def test_another_websites_writers_are_unknown(atlas: Website, client: Membership, admin: Membership) -> None:
    foreign = writer(website("borealis"))
    unknown = 10**12
    for caller, paths in ((as_(client), ["favour/", "block/"]), (as_(admin), ["approve/", "reinstate/"])):
        assert caller.get(URL)["count"] == 0
        for path in ["", *paths]:
            method = "POST" if path else "GET"
            answers = []
            for pk in (foreign.pk, unknown):
                problem = caller.send(method, f"{URL}{pk}/{path}", 404, body={} if path else None)
                answers.append({**problem, "request_id": ""})
            assert answers[0] == answers[1]


def test_the_own_profile_has_level_limits_and_pay(atlas: Website) -> None:
    row = ada(atlas, subjects=("law",), level="junior")
    profile = as_(row.member).get(f"{URL}me/")
    assert (profile["id"], profile["pen_name"], profile["status"], profile["subjects"]) == (
        row.pk,
        "Quill",
        "approved",
        ["law"],
    )
    assert profile["level"] == {
        "code": "junior",
        "name": "Junior",
        "rank": 1,
        "max_open_requests": 5,
        "max_active_orders": 10,
        "can_take": False,
        "pay_share_bps": 4_000,
        "pay_per_page": None,
        "currency": "USD",
        "tip_share_bps": 10_000,
    }
    assert {each["action"] for each in profile["available_actions"]} == {"apply", "leave", "return"}


def test_only_a_writer_has_a_profile(atlas: Website, client: Membership, admin: Membership) -> None:
    as_(client).get(f"{URL}me/", 403)
    as_(admin).get(f"{URL}me/", 403)
    as_(membership(atlas, Role.WRITER)).get(f"{URL}me/", 404)


@pytest.mark.parametrize("status", [S.APPLIED, S.REJECTED])
def test_who_is_not_approved_has_a_profile_and_nothing_else(atlas: Website, status: str) -> None:
    row = ada(atlas, status=status)
    caller = as_(row.member)
    assert caller.get(f"{URL}me/")["status"] == status
    assert caller.patch(f"{URL}me/", {"bio": "I write."})["bio"] == "I write."
    assert caller.get(URL, 403)["code"] == "writer_not_approved"
    assert caller.post(f"{URL}me/leave/", {"until": ahead(days=2)}, 409)["code"] == "wrong_state"


def test_a_writer_changes_the_profile_but_not_the_level(atlas: Website) -> None:
    row = ada(atlas, level="junior", subjects=("law",))
    caller = as_(row.member)
    changed = caller.patch(f"{URL}me/", {"pen_name": "Plume", "subjects": ["history"], "paper_types": ["essay"]})
    assert (changed["pen_name"], changed["subjects"], changed["paper_types"]) == ("Plume", ["history"], ["essay"])
    assert caller.response["ETag"] == f'"writer-{row.pk}-2"'
    assert fields(caller.patch(f"{URL}me/", {"level": "expert"}, 400)) == ["level"]
    assert caller.patch(f"{URL}me/", {"bio": "x"}, 412, if_match=f'"writer-{row.pk}-1"')["code"] == "stale_version"
    assert caller.get(f"{URL}me/")["bio"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"pen_name": "x"}, "pen_name"),
        ({"pen_name": "mail@me.test"}, "pen_name"),
        ({"pen_name": "x" * 61}, "pen_name"),
        ({"pen_name": "TAKEN"}, "pen_name"),
        ({"pen_name": None}, "pen_name"),
        ({"pen_name": "quill.com"}, "pen_name"),
        ({"bio": "x" * 2_001}, "bio"),
        ({"bio": "Write to quill@people.test first."}, "bio"),
        ({"bio": "a\x00b"}, "bio"),
        ({"subjects": ["alchemy"]}, "subjects"),
        ({"subjects": "law"}, "subjects"),
        ({"paper_types": ["law"]}, "paper_types"),
        ({"paper_types": ["essay"] * 51}, "paper_types"),
    ],
)
def test_bad_profiles_are_refused_by_field(atlas: Website, body: dict[str, Any], field: str) -> None:
    writer(atlas, pen_name="Taken")
    row = ada(atlas)
    caller = as_(row.member)
    before = caller.get(f"{URL}me/"), events(atlas)
    assert fields(caller.patch(f"{URL}me/", body, 400)) == [field]
    assert (caller.get(f"{URL}me/"), events(atlas)) == before


def test_leave_and_return(atlas: Website, client: Membership) -> None:
    row = ada(atlas)
    caller = as_(row.member)
    until = ahead(days=3)
    taken = caller.post(f"{URL}me/leave/", {"until": until, "reason": "Holiday"})
    assert (taken["status"], dt.datetime.fromisoformat(taken["leave_until"])) == (
        "on_leave",
        dt.datetime.fromisoformat(until),
    )
    assert as_(client).get(URL)["results"][0]["available"] is False
    assert caller.post(f"{URL}me/return/")["status"] == "approved"
    planned = caller.post(f"{URL}me/leave/", {"from": ahead(days=1), "until": until})
    assert (planned["status"], planned["leave_from"] is None) == ("approved", False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "2001-01-01T00:00:00Z"}, "until"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until"),
        ({"until": "2150-01-01T00:00:00Z", "from": 7}, "from"),
        ({"until": "2150-01-01T00:00:00Z", "since": "2998-01-01T00:00:00Z"}, "since"),
    ],
)
def test_bad_leaves_are_refused_by_field(atlas: Website, body: dict[str, Any], field: str) -> None:
    row = ada(atlas)
    assert fields(as_(row.member).post(f"{URL}me/leave/", body, 400)) == [field]
    assert as_(row.member).get(f"{URL}me/")["status"] == "approved"
    assert events(atlas) == 0


def test_an_admin_admits_and_the_writer_works(atlas: Website, admin: Membership) -> None:
    row = ada(atlas, status=S.APPLIED)
    decided = as_(admin).post(f"{URL}{row.pk}/approve/", {"level": "senior"})
    assert (decided["writer"]["status"], decided["writer"]["level"]) == ("approved", "senior")
    assert as_(row.member).get(URL, 403)["code"] == "permission_denied"
    assert as_(admin).post(f"{URL}{row.pk}/approve/", {}, 409)["code"] == "wrong_state"


def test_reject_suspend_reinstate_and_level(atlas: Website, admin: Membership) -> None:
    caller = as_(admin)
    applied, row = writer(atlas, status=S.APPLIED), ada(atlas)
    assert caller.post(f"{URL}{applied.pk}/reject/", {"reason": "No."})["writer"]["status"] == "rejected"
    until = ahead(days=3)
    suspended = caller.post(f"{URL}{row.pk}/suspend/", {"until": until, "reason": "Late."})
    assert (suspended["writer"]["status"], suspended["writer"]["suspended_until"] is None) == ("suspended", False)
    assert caller.post(f"{URL}{row.pk}/reinstate/")["writer"]["status"] == "approved"
    assert caller.post(f"{URL}{row.pk}/level/", {"level": "junior", "reason": "r"})["writer"]["level"] == "junior"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("suspend/", {"reason": "r"}, "until"),
        ("suspend/", {"until": "2001-01-01T00:00:00Z", "reason": "r"}, "until"),
        ("suspend/", {"until": "2150-01-01T00:00:00Z"}, "reason"),
        ("suspend/", {"until": "2150-01-01T00:00:00Z", "reason": " "}, "reason"),
        ("reject/", {}, "reason"),
        ("approve/", {"level": "grand"}, "level"),
        ("level/", {"level": "grand", "reason": "r"}, "level"),
        ("level/", {"level": "junior"}, "reason"),
    ],
)
def test_bad_decisions_are_refused_by_field(
    atlas: Website, admin: Membership, path: str, body: dict[str, Any], field: str
) -> None:
    row = writer(atlas, status=S.APPLIED if path in ("reject/", "approve/") else S.APPROVED)
    assert fields(as_(admin).post(f"{URL}{row.pk}/{path}", body, 400)) == [field]
    assert events(atlas) == 0
    with website_scope(atlas.pk):
        assert Writer.objects.of(atlas).get(pk=row.pk).version == 1


@pytest.mark.parametrize("path", ["approve/", "reject/", "suspend/", "reinstate/", "level/"])
@pytest.mark.parametrize("role", [Role.CLIENT, Role.WRITER, Role.EDITOR, Role.SUPPORT])
def test_only_an_admin_decides(atlas: Website, role: Role, path: str) -> None:
    row = writer(atlas)
    as_(membership(atlas, role)).post(f"{URL}{row.pk}/{path}", {}, 403)
    assert events(atlas) == 0


def test_favour_and_block(atlas: Website, client: Membership) -> None:
    row = ada(atlas)
    caller = as_(client)
    assert caller.post(f"{URL}{row.pk}/favour/")["choice"] == "favour"
    assert caller.post(f"{URL}{row.pk}/favour/")["choice"] == "favour"
    assert caller.post(f"{URL}{row.pk}/block/")["choice"] == "block"
    assert caller.get(URL, choice="favour")["count"] == 0
    assert [each["id"] for each in caller.get(URL, choice="block")["results"]] == [row.pk]
    assert as_(membership(atlas, Role.CLIENT)).get(URL, choice="block")["count"] == 0
    assert caller.delete(f"{URL}{row.pk}/favour/")["choice"] == "block"
    assert caller.delete(f"{URL}{row.pk}/block/")["choice"] is None
    assert caller.delete(f"{URL}{row.pk}/block/")["choice"] is None


@pytest.mark.parametrize("role", [Role.WRITER, Role.EDITOR, Role.SUPPORT, Role.ADMIN])
def test_only_clients_choose(atlas: Website, role: Role) -> None:
    row = writer(atlas)
    caller = as_(membership(atlas, role))
    for path in ("favour/", "block/"):
        caller.post(f"{URL}{row.pk}/{path}", {}, 403)
        caller.delete(f"{URL}{row.pk}/{path}", 403)
    with website_scope(atlas.pk):
        assert not Choice.objects.of(atlas).exists()


APPLICATION = {
    "email": "New.Writer@people.test",
    "password": "a-long-enough-secret",
    "full_name": "New Writer",
    "pen_name": "Fresh Quill",
    "bio": "I write.",
    "subjects": ["law"],
    "paper_types": ["essay"],
}


def test_an_application_opens_account_membership_and_profile(atlas: Website, admin: Membership) -> None:
    answer = anonymous(atlas).post(f"{URL}apply/", APPLICATION, 202)
    login = anonymous().post(
        "/api/v1/auth/login/", {"email": "new.writer@people.test", "password": APPLICATION["password"]}
    )
    assert [(each["role"], each["website"]["slug"]) for each in login["memberships"]] == [("writer", "atlas")]
    caller = Caller(login["access"], atlas)
    profile = caller.get(f"{URL}me/")
    assert (profile["status"], profile["pen_name"], profile["subjects"]) == ("applied", "Fresh Quill", ["law"])
    assert caller.get(URL, 403)["code"] == "writer_not_approved"
    found = as_(admin).send("GET", URL, query_params={"status": "applied"})["results"]
    assert [(row["email"], row["full_name"]) for row in found] == [("new.writer@people.test", "New Writer")]
    assert answer == {"detail": "Look into your mail to go on."}
    assert [name for name, _ in queued()] == ["accounts.mail_welcome", "notifications.notify"]


def test_a_known_email_answers_the_same_and_joins_by_mail(atlas: Website, mailoutbox: list[Any]) -> None:
    known = user("new.writer@people.test", password="another-long-secret")
    unknown = anonymous(atlas).post(f"{URL}apply/", {**APPLICATION, "email": "b@people.test", "pen_name": "Other"}, 202)
    assert anonymous(atlas).post(f"{URL}apply/", APPLICATION, 202) == unknown
    with website_scope(atlas.pk):
        assert not Membership.objects.of(atlas).filter(user=known).exists()
        assert not Writer.objects.of(atlas).filter(pen_name="Fresh Quill").exists()
    run_jobs()
    mail = next(each for each in mailoutbox if each.to == ["new.writer@people.test"])
    token = mail.body.split("/join/")[1].split()[0]
    joined = anonymous(atlas).post("/api/v1/auth/join/", {"token": token})
    assert joined["role"] == "writer"
    caller = as_user(known, atlas)
    caller.get(f"{URL}me/", 404)
    assert caller.get(URL, 403)["code"] == "writer_not_approved"
    profile = caller.post(f"{URL}me/apply/", {"pen_name": "Fresh Quill"}, 201)
    assert (profile["id"], profile["status"]) == (joined["id"], "applied")
    assert caller.post(f"{URL}me/apply/", {"pen_name": "Fresh Quill"}, 409)["code"] == "already_applied"


def test_a_client_who_applies_stays_a_client(atlas: Website, client: Membership, mailoutbox: list[Any]) -> None:
    anonymous(atlas).post(f"{URL}apply/", {**APPLICATION, "email": client.user.email}, 202)
    run_jobs()
    assert "/join/" not in mailoutbox[0].body
    with website_scope(atlas.pk):
        assert not Writer.objects.of(atlas).exists()
        assert Membership.objects.of(atlas).get(user=client.user).role == Role.CLIENT


@pytest.mark.parametrize("email", ["new.writer@people.test", "known@people.test"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pen_name": "taken"}, "pen_name"),
        ({"pen_name": ""}, "pen_name"),
        ({"bio": "My site: https://quill.example.com/"}, "bio"),
        ({"email": "nobody"}, "email"),
        ({"password": "short"}, "password"),
        ({"subjects": ["alchemy"]}, "subjects"),
        ({"level": "expert"}, "level"),
    ],
)
def test_bad_applications_are_refused_by_field_for_a_known_email_too(
    atlas: Website, email: str, change: dict[str, Any], field: str
) -> None:
    user("known@people.test")
    writer(atlas, pen_name="Taken")
    assert fields(anonymous(atlas).post(f"{URL}apply/", {**APPLICATION, "email": email, **change}, 400)) == [field]
    assert not User.objects.filter(email="new.writer@people.test").exists()
    assert queued() == []
    assert events(atlas) == 0


def test_applications_name_a_website(atlas: Website) -> None:
    assert anonymous().post(f"{URL}apply/", APPLICATION, 400)["code"] == "website_required"
