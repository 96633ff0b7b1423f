"""In and out: register, join, log in, refresh, log out, me."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

from copydesk.accounts.actions import join_link
from copydesk.accounts.models import Membership, Token, User
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import anonymous, as_user
from tests.factories.accounts import membership, superadmin, user
from tests.factories.tenancy import website
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db
AUTH = "/api/v1/auth/"
PASSWORD = "correct horse battery"
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def atlas() -> Website:
    return website("atlas")


def log_in(email: str, password: str = PASSWORD, status: int | None = None, **more: str) -> Any:
    return anonymous().post(f"{AUTH}login/", {"email": email, "password": password, **more}, status)


def code_now(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def second_factor(account: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(account, secret)
    return secret


class TestLogin:
    def test_gives_tokens_user_and_memberships(self, atlas: Website) -> None:
        account = user("c@x.test", password=PASSWORD)
        member = membership(atlas, "client", account=account)
        other = membership(website("borealis"), "writer", account=account)
        body = log_in("C@x.test")
        assert body["user"] == {"id": account.pk, "email": "c@x.test", "full_name": "", "is_superadmin": False}
        assert body["memberships"] == [
            {
                "id": member.pk,
                "website": {"id": atlas.pk, "slug": "atlas", "name": "Atlas"},
                "role": "client",
                "status": "active",
            },
            {
                "id": other.pk,
                "website": {"id": other.website_id, "slug": "borealis", "name": "Borealis"},
                "role": "writer",
                "status": "active",
            },
        ]
        caller = anonymous()
        caller._headers["Authorization"] = f"Bearer {body['access']}"
        assert caller.get(f"{AUTH}me/") == {
            "user": body["user"],
            "memberships": body["memberships"],
            "has_second_factor": False,
        }

    def test_secrets_are_kept_as_hashes_only(self) -> None:
        user("c@x.test", password=PASSWORD)
        body = log_in("c@x.test")
        kept = [bytes(digest) for digest in Token.objects.values_list("digest", flat=True)]
        assert len(kept) == 2
        assert all(body[name].encode() not in kept for name in ("access", "refresh"))
        assert User.objects.get().password.startswith("argon2")

    def test_unknown_email_and_wrong_password_are_one_answer(self) -> None:
        user("c@x.test", password=PASSWORD)
        closed = user("closed@x.test", password=PASSWORD)
        User.objects.filter(pk=closed.pk).update(is_active=False)
        answers = [
            log_in("c@x.test", "wrong", 401),
            log_in("nobody@x.test", "wrong", 401),
            log_in("closed@x.test", status=401),
        ]
        assert len({answer.pop("request_id") for answer in answers}) == 3
        assert answers[0] == answers[1] == answers[2]
        assert answers[0]["code"] == "credentials_invalid"
        assert not Token.objects.exists()

    def test_second_factor_is_asked_for_and_its_code_works_once(self) -> None:
        account = user("c@x.test", password=PASSWORD)
        secret = second_factor(account)
        assert log_in("c@x.test", status=401)["code"] == "mfa_required"
        assert log_in("c@x.test", status=401, code="000000")["code"] == "mfa_code_invalid"
        code = code_now(secret)
        log_in("c@x.test", code=code)
        assert log_in("c@x.test", status=401, code=code)["code"] == "mfa_code_invalid"

    def test_recovery_code_works_once(self) -> None:
        account = user("c@x.test", password=PASSWORD)
        second_factor(account)
        code = RecoveryCodes.activate(account).generate_codes()[0]
        log_in("c@x.test", code=code)
        assert log_in("c@x.test", status=401, code=code)["code"] == "mfa_code_invalid"

    def test_second_factor_is_kept_encrypted(self) -> None:
        secret = second_factor(user("c@x.test"))
        account = User.objects.get()
        assert secret not in str(account.authenticator_set.get().data)

    def test_too_many_attempts_on_one_email(self) -> None:
        user("c@x.test", password=PASSWORD)
        with time_machine.travel(NOON, tick=False) as clock:
            for _ in range(10):
                log_in("c@x.test", "wrong", 401)
            caller = anonymous()
            body = caller.post(f"{AUTH}login/", {"email": "c@x.test", "password": PASSWORD}, 429)
            assert body["code"] == "too_many_attempts"
            assert caller.response["Retry-After"] == "300"
            clock.shift(301)
            log_in("c@x.test")

    def test_too_many_attempts_from_one_address(self) -> None:
        with time_machine.travel(NOON, tick=False):
            for number in range(60):
                log_in(f"a{number}@x.test", "wrong", 401)
            assert log_in("fresh@x.test", "wrong", 429)["code"] == "too_many_attempts"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"password": "x"}, "email"),
            ({"email": "x@x.test"}, "password"),
            ({"email": "no", "password": "x"}, "email"),
            ({"email": "x@x.test", "password": "x\0"}, "password"),
            ({"email": "x@x.test", "password": "x", "more": 1}, "more"),
            ({"email": ["x"], "password": "x"}, "email"),
        ],
    )
    def test_bad_input_names_the_field(self, body: dict[str, Any], field: str) -> None:
        answer = anonymous().post(f"{AUTH}login/", body, 400)
        assert [error["field"] for error in answer["errors"]] == [field]

    def test_stale_access_token_does_not_stand_in_the_way(self) -> None:
        user("c@x.test", password=PASSWORD)
        caller = anonymous()
        caller._headers["Authorization"] = "Bearer stale"
        caller.post(f"{AUTH}login/", {"email": "c@x.test", "password": PASSWORD})


class TestRefresh:
    def tokens(self) -> Any:
        user("c@x.test", password=PASSWORD)
        return log_in("c@x.test")

    def test_rotates_and_ends_the_old_access_token(self) -> None:
        first = self.tokens()
        second = anonymous().post(f"{AUTH}refresh/", {"refresh": first["refresh"]})
        assert {second["access"], second["refresh"]}.isdisjoint({first["access"], first["refresh"]})
        self.me(first["access"], 401)
        self.me(second["access"], 200)

    def test_reuse_ends_the_family(self) -> None:
        first = self.tokens()
        second = anonymous().post(f"{AUTH}refresh/", {"refresh": first["refresh"]})
        assert anonymous().post(f"{AUTH}refresh/", {"refresh": first["refresh"]}, 401)["code"] == "token_reused"
        self.me(second["access"], 401)
        assert anonymous().post(f"{AUTH}refresh/", {"refresh": second["refresh"]}, 401)["code"] == "token_invalid"

    def test_expires(self) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            first = self.tokens()
            clock.shift(first["expires_in"])
            self.me(first["access"], 401)
            clock.shift(30 * 86400)
            assert anonymous().post(f"{AUTH}refresh/", {"refresh": first["refresh"]}, 401)["code"] == "token_invalid"

    def test_an_access_token_refreshes_nothing(self) -> None:
        first = self.tokens()
        anonymous().post(f"{AUTH}refresh/", {"refresh": first["access"]}, 401)

    def me(self, access: str, status: int) -> None:
        caller = anonymous()
        caller._headers["Authorization"] = f"Bearer {access}"
        caller.get(f"{AUTH}me/", status)


class TestLogout:
    def test_ends_this_login_and_no_other(self) -> None:
        user("c@x.test", password=PASSWORD)
        first, second = log_in("c@x.test"), log_in("c@x.test")
        caller = anonymous()
        caller._headers["Authorization"] = f"Bearer {first['access']}"
        caller.post(f"{AUTH}logout/", status=204)
        caller.get(f"{AUTH}me/", 401)
        anonymous().post(f"{AUTH}refresh/", {"refresh": first["refresh"]}, 401)
        anonymous().post(f"{AUTH}refresh/", {"refresh": second["refresh"]})

    def test_needs_a_token(self) -> None:
        caller = anonymous()
        assert caller.post(f"{AUTH}logout/", status=401)["code"] == "not_authenticated"
        assert caller.response["WWW-Authenticate"].startswith("Bearer")


class TestRegister:
    def test_makes_a_client_and_welcomes_by_mail(self, atlas: Website) -> None:
        answer = anonymous(atlas).post(
            f"{AUTH}register/", {"email": "New@x.test", "password": PASSWORD, "full_name": "N"}, 202
        )
        account = User.objects.get()
        assert (account.email, account.full_name) == ("new@x.test", "N")
        with website_scope(atlas.pk):
            member = Membership.objects.of(atlas).get()
            event = Event.objects.of(atlas).get()
        assert (member.role, member.user_id) == ("client", account.pk)
        assert (event.verb, event.subject_id, event.client_id) == ("member.register", member.pk, member.pk)
        assert "detail" in answer
        assert not mail.outbox
        run_jobs()
        assert mail.outbox[0].to == ["new@x.test"]
        key = re.search(r"/verify-email/(\S+)", mail.outbox[0].body)
        assert key
        done = Client().post(f"{AUTH}app/v1/auth/email/verify", {"key": key[1]}, content_type="application/json")
        assert done.status_code in (200, 401), done.content
        assert account.emailaddress_set.get().verified
        log_in("new@x.test")

    def test_known_email_is_one_answer_and_may_join(self, atlas: Website) -> None:
        borealis = website("borealis")
        known = membership(borealis, "client", email="known@x.test")
        fresh = anonymous(atlas).post(f"{AUTH}register/", {"email": "new@x.test", "password": PASSWORD}, 202)
        same = anonymous(atlas).post(f"{AUTH}register/", {"email": "KNOWN@x.test", "password": PASSWORD}, 202)
        assert same == fresh
        log_in("known@x.test", status=401)
        with website_scope(atlas.pk):
            assert Membership.objects.of(atlas).count() == 1
        run_jobs()
        found = re.search(r"/join/(\S+)", next(m.body for m in mail.outbox if m.to == ["known@x.test"]))
        assert found
        assert anonymous(borealis).post(f"{AUTH}join/", {"token": found[1]}, 400)["code"] == "link_invalid"
        assert anonymous(atlas).post(f"{AUTH}join/", {"token": found[1] + "x"}, 400)["code"] == "link_invalid"
        joined = anonymous(atlas).post(f"{AUTH}join/", {"token": found[1]})
        assert (joined["website"]["slug"], joined["role"]) == ("atlas", "client")
        assert anonymous(atlas).post(f"{AUTH}join/", {"token": found[1]}) == joined
        with website_scope(atlas.pk):
            member = Membership.objects.of(atlas).get(user=known.user)
            assert Event.objects.of(atlas).filter(verb="member.join", subject_id=member.pk).count() == 1

    def test_join_link_expires(self, atlas: Website) -> None:
        account = user("known@x.test")
        with time_machine.travel(NOON, tick=False) as clock:
            token = join_link(atlas, account, Role.CLIENT)
            clock.shift(7 * 86400 + 1)
            anonymous(atlas).post(f"{AUTH}join/", {"token": token}, 400)

    def test_weak_password_is_refused_and_leaves_nothing(self, atlas: Website) -> None:
        answer = anonymous(atlas).post(f"{AUTH}register/", {"email": "new@x.test", "password": "short"}, 400)
        assert answer["errors"][0]["field"] == "password"
        assert not User.objects.exists()
        run_jobs()
        assert not mail.outbox

    def test_needs_a_website(self) -> None:
        answer = anonymous().post(f"{AUTH}register/", {"email": "new@x.test", "password": PASSWORD}, 400)
        assert answer["code"] == "website_required"

    def test_is_limited_by_email(self, atlas: Website) -> None:
        body = {"email": "new@x.test", "password": PASSWORD}
        for _ in range(5):
            anonymous(atlas).post(f"{AUTH}register/", body, 202)
        caller = anonymous(atlas)
        caller.post(f"{AUTH}register/", body, 429)
        assert int(caller.response["Retry-After"]) > 0


class TestLibrary:
    """The accounts library's own API, mounted beside ours."""

    def call(self, path: str, body: Any, session: str = "", method: str = "post") -> Any:
        headers = {"X-Session-Token": session} if session else {}
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(Client(), method)(f"{AUTH}app/v1/{path}", headers=headers, **sent)

    def test_its_login_gives_our_tokens_and_its_logout_takes_them(self) -> None:
        user("c@x.test", password=PASSWORD)
        meta = self.call("auth/login", {"email": "c@x.test", "password": PASSWORD}).json()["meta"]
        TestRefresh().me(meta["access_token"], 200)
        self.call("auth/session", None, meta["session_token"], "delete")
        TestRefresh().me(meta["access_token"], 401)
        anonymous().post(f"{AUTH}refresh/", {"refresh": meta["refresh_token"]}, 401)

    def test_its_login_asks_for_the_second_factor_first(self) -> None:
        secret = second_factor(user("c@x.test", password=PASSWORD))
        pending = self.call("auth/login", {"email": "c@x.test", "password": PASSWORD})
        assert pending.status_code == 401
        assert "access_token" not in pending.json()["meta"]
        done = self.call("auth/2fa/authenticate", {"code": code_now(secret)}, pending.json()["meta"]["session_token"])
        TestRefresh().me(done.json()["meta"]["access_token"], 200)

    def test_second_factor_is_set_up_through_it(self) -> None:
        user("c@x.test", password=PASSWORD)
        session = self.call("auth/login", {"email": "c@x.test", "password": PASSWORD}).json()["meta"]["session_token"]
        offer = self.call("account/authenticators/totp", None, session, "get")
        assert offer.status_code == 404
        secret = offer.json()["meta"]["secret"]
        self.call("auth/reauthenticate", {"password": PASSWORD}, session)
        done = self.call("account/authenticators/totp", {"code": code_now(secret)}, session)
        assert done.status_code == 200, done.content
        assert log_in("c@x.test", status=401)["code"] == "mfa_required"

    def test_password_change_ends_every_login(self) -> None:
        user("c@x.test", password=PASSWORD)
        ours = log_in("c@x.test")
        session = self.call("auth/login", {"email": "c@x.test", "password": PASSWORD}).json()["meta"]["session_token"]
        body = {"current_password": PASSWORD, "new_password": "another long secret"}
        assert self.call("account/password/change", body, session).status_code == 200
        TestRefresh().me(ours["access"], 401)
        log_in("c@x.test", "another long secret")

    def test_password_reset_answers_the_same_and_ends_every_login(self) -> None:
        user("c@x.test", password=PASSWORD)
        ours = log_in("c@x.test")
        known = self.call("auth/password/request", {"email": "c@x.test"})
        unknown = self.call("auth/password/request", {"email": "nobody@x.test"})
        assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (200, {"status": 200})
        assert not mail.outbox
        run_jobs()
        found = re.search(r"/password-reset/(\S+)", next(m.body for m in mail.outbox if m.to == ["c@x.test"]))
        assert found
        done = self.call("auth/password/reset", {"key": found[1], "password": "another long secret"})
        assert done.status_code in (200, 401), done.content
        TestRefresh().me(ours["access"], 401)
        log_in("c@x.test", "another long secret")

    def test_sign_up_is_closed(self) -> None:
        assert self.call("auth/signup", {"email": "new@x.test", "password": PASSWORD}).status_code == 403
        assert not User.objects.exists()

    def test_its_browser_client_is_not_there(self) -> None:
        assert Client().get(f"{AUTH}browser/v1/config").status_code == 404

    def test_its_description_is_served(self) -> None:
        assert Client().get(f"{AUTH}openapi.json").status_code == 200


@pytest.mark.parametrize("status", ["active", "suspended"])
@pytest.mark.parametrize("role", ["client", "writer", "support"])
def test_a_superadmin_stands_above_a_membership_of_its_own(atlas: Website, role: str, status: str) -> None:
    boss = superadmin()
    membership(atlas, role, account=boss, status=status)
    caller = as_user(boss, atlas)
    assert caller.get("/api/v1/admin-management/refunds/pending/")["count"] == 0
    assert caller.get("/api/v1/client-management/dashboard/stats/", 403)["code"] == "permission_denied"
