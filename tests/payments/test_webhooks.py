"""What a provider tells us: signed, fresh, once, and about a charge of ours."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.payments import actions
from copydesk.payments.errors import UnknownProvider, WebhookRefused
from copydesk.payments.gateway import Result
from copydesk.payments.gateway.sandbox import SIGNATURE, signature, webhook_about
from copydesk.payments.models import Charge, ChargeStatus, Transfer, Webhook
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, payments, tenancy
from tests.jobs import queued

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def late(client: Membership) -> Charge:
    return payments.captured_charge(client, token="tok_late")


def standing(charge: Charge) -> tuple[object, ...]:
    with website_scope(charge.website_id):
        charge.refresh_from_db()
        events = Event.objects.of(charge.website_id).count()
        return (
            charge.status,
            charge.version,
            events,
            Webhook.objects.of(charge.website_id).count(),
            len(queued("payments.")),
        )


def test_a_signed_message_captures_a_late_charge_without_naming_a_website(late: Charge) -> None:
    headers, body = webhook_about(late.intent)
    with website_scope(0):
        assert actions.receive_webhook("sandbox", headers, body).status == ChargeStatus.CAPTURED
    assert Transfer.objects.of(late.website_id).count() == 1
    assert Event.objects.of(late.website_id).get(verb="charge.capture").role == "system"


def test_a_signed_message_declines(late: Charge) -> None:
    assert actions.receive_webhook("sandbox", *webhook_about(late.intent, Result.DECLINED, "expired_card")).code == (
        "expired_card"
    )


def test_the_same_message_twice_is_refused(late: Charge) -> None:
    headers, body = webhook_about(late.intent)
    actions.receive_webhook("sandbox", headers, body)
    before = standing(late)
    with pytest.raises(WebhookRefused):
        actions.receive_webhook("sandbox", headers, body)
    assert standing(late) == before


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_message_is_refused(client: Membership, seconds: int) -> None:
    with time_machine.travel(NOW, tick=False) as time:
        late = payments.captured_charge(client, token="tok_late")
        headers, body = webhook_about(late.intent)
        before = standing(late)
        time.shift(seconds)
        with pytest.raises(WebhookRefused):
            actions.receive_webhook("sandbox", headers, body)
        assert standing(late) == before
        time.move_to(NOW)
        actions.receive_webhook("sandbox", headers, body)


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", "t=1", "t=,v1=", "v1=00", "t=1,v1=" + "0" * 64, "t=ä,v1=ä", "t=99999999999999999999,v1=x"],
)
def test_an_unsigned_message_is_refused(late: Charge, header: str) -> None:
    _, body = webhook_about(late.intent)
    before = standing(late)
    with pytest.raises(WebhookRefused):
        actions.receive_webhook("sandbox", {SIGNATURE: header}, body)
    with pytest.raises(WebhookRefused):
        actions.receive_webhook("sandbox", {}, body)
    assert standing(late) == before


def test_a_signature_holds_for_its_body_alone(late: Charge) -> None:
    headers, body = webhook_about(late.intent)
    before = standing(late)
    with pytest.raises(WebhookRefused):
        actions.receive_webhook("sandbox", headers, body.replace(b"captured", b"declined"))
    assert standing(late) == before


@pytest.mark.parametrize(
    "change", [{"amount_minor": 1}, {"currency": "EUR"}, {"key": "00000000-0000-4000-8000-000000000000"}]
)
def test_a_message_that_fits_no_charge_is_refused(late: Charge, change: dict[str, object]) -> None:
    assert refused(late, change)


def test_a_message_about_a_charge_reaches_no_other_website(late: Charge) -> None:
    other = tenancy.website("borealis")
    accounts.membership(other)
    assert refused(late, {"metadata": {"website": other.pk, "charge": late.pk}})
    assert refused(late, {"metadata": {"website": 987_654_321, "charge": late.pk}})


def refused(charge: Charge, change: dict[str, object]) -> bool:
    headers, body = webhook_about(charge.intent)
    sent_at = headers[SIGNATURE].partition(",")[0].removeprefix("t=")
    body = json.dumps({**json.loads(body), **change}).encode()
    before = standing(charge)
    with pytest.raises(WebhookRefused), website_scope(charge.website_id):
        actions.receive_webhook("sandbox", {SIGNATURE: f"t={sent_at},v1={signature(sent_at, body)}"}, body)
    return standing(charge) == before


def test_an_unknown_provider_is_not_found(website: Website) -> None:
    with pytest.raises(UnknownProvider):
        actions.receive_webhook("nobody", {}, b"")
