"""The embedded provider: by its token a card succeeds, declines, loses its answer, or is settled late.

Its memory is written on a connection of its own, so that it survives whatever becomes of our transaction, as a real
provider's would.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from copydesk.core import clock
from copydesk.payments.errors import WebhookRefused

from . import Asked, Message, Outcome, Result

OK, DECLINED, TIMEOUT, LATE, UNSETTLED = "tok_ok", "tok_declined", "tok_timeout", "tok_late", "tok_unsettled"
SETTLES_AFTER = dt.timedelta(seconds=30)
REPAYABLE_AFTER = dt.timedelta(days=1)
"""Until then what was paid with UNSETTLED is not given back."""
SIGNATURE = "X-Sandbox-Signature"
TOLERANCE = dt.timedelta(minutes=5)


class SandboxGateway:
    def charge(self, asked: Asked, *, token: str) -> Outcome:
        with provider_side() as cursor:
            cursor.execute(
                "INSERT INTO payments_sandboxpayment"
                " (key, reference, token, amount_minor, currency, metadata, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s) ON CONFLICT (key) DO NOTHING",
                [
                    asked.key,
                    uuid.uuid4(),
                    token[:40],
                    asked.amount_minor,
                    asked.currency,
                    json.dumps(dict(asked.metadata)),
                    clock.now(),
                ],
            )
            repeated = cursor.rowcount == 0
        if token == TIMEOUT and not repeated:
            return Outcome(Result.UNKNOWN)
        return self.lookup(asked, give_up=False)

    def lookup(self, asked: Asked, *, give_up: bool) -> Outcome:
        with provider_side() as cursor:
            cursor.execute(
                "SELECT token, reference, created_at FROM payments_sandboxpayment WHERE key = %s", [asked.key]
            )
            row = cursor.fetchone()
        if row is None:
            return Outcome(Result.ABSENT)
        token, reference, created_at = row
        if token in (OK, TIMEOUT, UNSETTLED) or (token == LATE and clock.now() >= created_at + SETTLES_AFTER):
            return Outcome(Result.CAPTURED, str(reference))
        if token == LATE:
            return Outcome(Result.PENDING, str(reference))
        return Outcome(Result.DECLINED, str(reference), "card_declined" if token == DECLINED else "invalid_token")

    def refund(self, *, key: uuid.UUID, payment: uuid.UUID, provider_reference: str, amount_minor: int) -> Outcome:
        with provider_side() as cursor:
            cursor.execute(
                "INSERT INTO payments_sandboxrefund (key, reference, payment_id, amount_minor, created_at)"
                " SELECT %s, %s, p.key, %s, %s FROM payments_sandboxpayment p"
                " WHERE p.key = %s AND p.reference = %s AND %s <= p.amount_minor"
                " - coalesce((SELECT sum(r.amount_minor) FROM payments_sandboxrefund r WHERE r.payment_id = p.key), 0)"
                " AND (p.token <> %s OR p.created_at <= %s) ON CONFLICT (key) DO NOTHING",
                [
                    *(key, uuid.uuid4(), amount_minor, clock.now(), payment, uuid.UUID(provider_reference)),
                    *(amount_minor, UNSETTLED, clock.now() - REPAYABLE_AFTER),
                ],
            )
            cursor.execute("SELECT reference FROM payments_sandboxrefund WHERE key = %s", [key])
            row = cursor.fetchone()
        return Outcome(Result.CAPTURED, str(row[0])) if row else Outcome(Result.DECLINED, "", "not_refundable")

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Message:
        fields = dict(part.partition("=")[::2] for part in headers.get(SIGNATURE, "").split(","))
        sent_at = fields.get("t", "")
        if not hmac.compare_digest(fields.get("v1", "").encode(), signature(sent_at, body).encode()):
            raise WebhookRefused
        # Signed by the provider, so what follows is well formed.
        if abs(clock.now() - dt.datetime.fromtimestamp(int(sent_at), dt.UTC)) > TOLERANCE:
            raise WebhookRefused
        message = json.loads(body)
        return Message(
            message_id=message["id"],
            website_id=message["metadata"]["website"],
            key=uuid.UUID(message["key"]),
            amount_minor=message["amount_minor"],
            currency=message["currency"],
            outcome=Outcome(Result(message["result"]), message["reference"], message["code"]),
        )


def signature(sent_at: str, body: bytes) -> str:
    secret = settings.SANDBOX_WEBHOOK_SECRET.encode()
    return hmac.new(secret, f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()


def webhook_about(key: uuid.UUID, result: Result = Result.CAPTURED, code: str = "") -> tuple[dict[str, str], bytes]:
    """Headers and body of the message that the provider sends about its payment `key`."""
    with provider_side() as cursor:
        cursor.execute(
            "SELECT reference, amount_minor, currency, metadata::text FROM payments_sandboxpayment WHERE key = %s",
            [key],
        )
        reference, amount_minor, currency, metadata = cursor.fetchone()
    message: dict[str, Any] = {
        "id": f"msg_{uuid.uuid4().hex}",
        "key": str(key),
        "reference": str(reference),
        "amount_minor": amount_minor,
        "currency": currency,
        "metadata": json.loads(metadata),
        "result": result,
        "code": code,
    }
    body = json.dumps(message).encode()
    sent_at = str(int(clock.now().timestamp()))
    return {SIGNATURE: f"t={sent_at},v1={signature(sent_at, body)}"}, body


@contextmanager
def provider_side() -> Iterator[CursorWrapper]:
    with closing(connection.copy()) as own, own.cursor() as cursor:
        yield cursor
