"""A retried request does nothing twice."""

import datetime as dt
from contextlib import closing
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from copydesk.accounts.models import Membership
from copydesk.journal.models import Remembered
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Policy, Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, as_
from tests.api.test_kit import KIT
from tests.factories.accounts import membership
from tests.factories.tenancy import website
from tests.jobs import run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.kit")]
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def atlas() -> Website:
    return website("atlas")


@pytest.fixture
def support(atlas: Website) -> Membership:
    return membership(atlas, "support")


@pytest.fixture
def caller(support: Membership) -> Caller:
    return as_(support)


def effects(of: Website) -> int:
    with website_scope(of.pk):
        return Policy.objects.of(of).count()


def remembered(of: Website) -> int:
    with website_scope(of.pk):
        return Remembered.objects.of(of).count()


def test_replays_the_first_answer(atlas: Website, caller: Caller) -> None:
    first = caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")
    assert "Idempotent-Replayed" not in caller.response
    again = caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")
    assert (again, caller.response["Idempotent-Replayed"]) == (first, "true")
    assert effects(atlas) == 1
    caller.post(KIT, {"text": "a"}, 201, idempotency_key="other")
    assert effects(atlas) == 2


@pytest.mark.parametrize(("path", "body"), [(KIT, {"text": "b"}), (f"{KIT}refuse/", {"text": "a"})])
def test_another_request_under_the_key_is_refused(caller: Caller, path: str, body: Any) -> None:
    caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")
    assert caller.post(path, body, 422, idempotency_key="k")["code"] == "idempotency_key_reused"


def test_keys_are_per_website_and_account(atlas: Website, support: Membership, caller: Caller) -> None:
    caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")
    as_(membership(atlas, "support")).post(KIT, {"text": "b"}, 201, idempotency_key="k")
    elsewhere = membership(website("borealis"), "support", account=support.user)
    as_(elsewhere).post(KIT, {"text": "c"}, 201, idempotency_key="k")


def test_a_refused_request_leaves_nothing_and_may_be_tried_again(atlas: Website, caller: Caller) -> None:
    for path, body, status in [(f"{KIT}refuse/", {"text": "a"}, 409), (KIT, {"whole": "x"}, 400)]:
        caller.post(path, body, status, idempotency_key="k")
        assert (effects(atlas), remembered(atlas)) == (0, 0)
    caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")


def test_a_kept_refusal_is_replayed(atlas: Website, caller: Caller) -> None:
    first = caller.post(f"{KIT}decline/", {"text": "a"}, 409, idempotency_key="k")
    again = caller.post(f"{KIT}decline/", {"text": "a"}, 409, idempotency_key="k")
    assert (again, caller.response["Content-Type"]) == (first, "application/problem+json")
    assert caller.response["Idempotent-Replayed"] == "true"
    assert effects(atlas) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a\tb", "é"])
def test_bad_keys(atlas: Website, caller: Caller, key: str) -> None:
    assert caller.post(KIT, {}, 400, idempotency_key=key)["errors"][0]["field"] == "Idempotency-Key"
    assert effects(atlas) == 0


def test_money_needs_a_key(atlas: Website, caller: Caller) -> None:
    assert caller.post(f"{KIT}pay/", {}, 400)["code"] == "idempotency_key_required"
    assert effects(atlas) == 0


def test_an_upload_is_told_by_its_parts(atlas: Website, caller: Caller) -> None:
    def send(content: bytes, status: int = 200, name: str = "a.txt") -> Any:
        file = SimpleUploadedFile(name, content)
        return caller.upload(f"{KIT}upload/", {"file": file, "note": "n"}, status, idempotency_key="k")

    first = send(b"one")
    assert first["file"] == "one"
    assert send(b"one") == first
    assert effects(atlas) == 1
    send(b"two", 422)
    send(b"one", 422, name="b.txt")


def test_a_large_upload_passes_where_a_large_body_does_not(caller: Caller) -> None:
    file = SimpleUploadedFile("a.txt", b"x" * (5 * 1024 * 1024 + 1))
    caller.upload(f"{KIT}upload/", {"file": file}, 200, idempotency_key="k")


def test_a_key_held_by_another_transaction_is_in_flight(atlas: Website, support: Membership, caller: Caller) -> None:
    with closing(connection.copy()) as other, other.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"{atlas.pk}:{support.user_id}:k"])
        assert caller.post(KIT, {"text": "a"}, 409, idempotency_key="k")["code"] == "request_in_flight"
    assert effects(atlas) == 0


def test_answers_are_kept_for_thirty_days(atlas: Website, caller: Caller) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        caller = as_(membership(atlas, "support"))
        caller.post(KIT, {"text": "a"}, 201, idempotency_key="k")
        clock.shift(dt.timedelta(days=30))
        defer("journal.forget_answers", atlas.pk)
        run_jobs()
        assert remembered(atlas) == 1
        clock.shift(1)
        defer("journal.forget_answers", atlas.pk)
        run_jobs()
        assert remembered(atlas) == 0


class TestAcrossCommits:
    """Requests whose effect takes several commits: in real transactions."""

    PAY = f"{KIT}pay/"

    @pytest.mark.django_db(transaction=True)
    def test_replays(self, atlas: Website, caller: Caller) -> None:
        first = caller.post(self.PAY, {"text": "a"}, idempotency_key="k")
        assert caller.post(self.PAY, {"text": "a"}, idempotency_key="k") == first
        assert caller.response["Idempotent-Replayed"] == "true"
        assert effects(atlas) == 1
        assert caller.get(self.PAY) == {"versions": 1}

    @pytest.mark.django_db(transaction=True)
    def test_a_refused_one_may_be_tried_again(self, atlas: Website, caller: Caller) -> None:
        for _ in range(2):
            caller.post(self.PAY, {"text": "refuse"}, 409, idempotency_key="k")
            assert "Idempotent-Replayed" not in caller.response
        assert remembered(atlas) == 0

    @pytest.mark.django_db(transaction=True)
    def test_a_kept_refusal_is_replayed(self, atlas: Website, caller: Caller) -> None:
        first = caller.post(self.PAY, {"text": "decline"}, 409, idempotency_key="k")
        assert caller.post(self.PAY, {"text": "decline"}, 409, idempotency_key="k") == first
        assert effects(atlas) == 1

    @pytest.mark.django_db(transaction=True)
    def test_one_cut_off_is_in_flight_and_then_taken_over(self, atlas: Website, support: Membership) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            caller = as_(support)
            with pytest.raises(ZeroDivisionError):
                caller.post(self.PAY, {"text": "break"}, idempotency_key="k")
            assert effects(atlas) == 1
            answer = caller.post(self.PAY, {"text": "break"}, 409, idempotency_key="k")
            assert answer["code"] == "request_in_flight"
            caller.post(self.PAY, {"text": "other"}, 422, idempotency_key="k")
            clock.shift(61)
            with pytest.raises(ZeroDivisionError):
                caller.post(self.PAY, {"text": "break"}, idempotency_key="k")
            assert effects(atlas) == 2
            assert remembered(atlas) == 1
