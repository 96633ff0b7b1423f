"""Stripe: a charge is one payment intent, created and confirmed in one call under our key.

Stripe keeps an idempotency key for a day. So what happened is never asked by a call that could happen again: payments
and refunds are found among Stripe's own, by the marks that they carry.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import stripe
import structlog
from django.conf import settings

from copydesk.payments.errors import WebhookRefused
from copydesk.payments.models import ClientAction

from . import SENT_WITHIN, Asked, Message, Outcome, Result

log = structlog.get_logger()
# Below that it logs whole answers, client secrets among them.
logging.getLogger("stripe").setLevel(logging.WARNING)

API_VERSION = "2026-10-28.endive"
"""What the calls and the code below are written for. The webhook endpoint is made with the same."""
CONNECTS_WITHIN_SECONDS = 5
RETRIES = 1
CLOCKS_DIFFER_BY = dt.timedelta(minutes=5)
LONGEST_CODE = 40
LARGEST_ID = 2**63 - 1
TOLD = {
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
}


class StripeGateway:
    """`token` is a payment method's id (`pm_…`), made by Stripe's own library in the client's browser."""

    def charge(self, asked: Asked, *, token: str) -> Outcome:
        try:
            intent = _client().v1.payment_intents.create(
                {
                    "amount": asked.amount_minor,
                    "currency": asked.currency.lower(),
                    "payment_method": token,
                    "allowed_payment_method_types": ["card"],
                    "confirm": True,
                    "metadata": {
                        **{name: str(mark) for name, mark in asked.metadata.items()},
                        "intent": str(asked.key),
                    },
                },
                {"idempotency_key": str(asked.key)},
            )
        except stripe.CardError as error:
            told = error.error.to_dict() if error.error else {}
            reference = (told.get("payment_intent") or {}).get("id", "")
            return Outcome(Result.DECLINED, reference, _code(told))
        except stripe.InvalidRequestError as error:
            return Outcome(Result.DECLINED, "", _code({"code": error.code or "invalid_request"}))
        except stripe.StripeError as error:
            return _unanswered("charge", error)
        return _outcome_of(intent.to_dict(), asked)

    def lookup(self, asked: Asked, *, give_up: bool) -> Outcome:
        try:
            intent = _found(asked)
            if intent is None:
                return Outcome(Result.ABSENT)
            outcome = _outcome_of(intent.to_dict(), asked)
            if give_up and outcome.action is not None:
                withdrawn = _client().v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
                outcome = _outcome_of(withdrawn.to_dict(), asked)
        except stripe.StripeError as error:
            return _unanswered("lookup", error)
        return outcome

    def refund(self, *, key: uuid.UUID, payment: uuid.UUID, provider_reference: str, amount_minor: int) -> Outcome:
        """A refund that Stripe itself has failed stays failed under its key: give back anew, or to the wallet."""
        try:
            made = _client().v1.refunds.list({"payment_intent": provider_reference, "limit": 100})
            for refund in made.auto_paging_iter():
                if _is_marked(refund, "repayment", key):
                    return _outcome_of_refund(refund.to_dict())
        except stripe.StripeError as error:
            return _unanswered("refund", error)
        try:
            refund = _client().v1.refunds.create(
                {
                    "payment_intent": provider_reference,
                    "amount": amount_minor,
                    "metadata": {"intent": str(payment), "repayment": str(key)},
                },
                {"idempotency_key": str(key)},
            )
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            return Outcome(Result.DECLINED, "", _code({"code": error.code or "invalid_request"}))
        except stripe.StripeError as error:
            return _unanswered("refund", error)
        return _outcome_of_refund(refund.to_dict())

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Message:
        signature = headers.get("Stripe-Signature", "")
        if not signature.isascii():
            raise WebhookRefused
        try:
            event = _client().construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
        except (stripe.SignatureVerificationError, ValueError):
            raise WebhookRefused from None
        told = event.to_dict()
        # Signed by Stripe, so what follows is well formed.
        if told.get("type") not in TOLD:
            raise WebhookRefused
        return _message(told["id"], told["data"]["object"])


def _message(event_id: str, intent: Mapping[str, Any]) -> Message:
    """Payments of the same Stripe account that others have made carry other marks, or none."""
    marks = intent["metadata"]
    try:
        website_id, key = int(marks["website"]), uuid.UUID(marks["intent"])
    except (KeyError, ValueError):
        raise WebhookRefused from None
    if not 0 < website_id <= LARGEST_ID:
        raise WebhookRefused
    return Message(
        message_id=event_id,
        website_id=website_id,
        key=key,
        amount_minor=_amount(intent),
        currency=intent["currency"].upper(),
        outcome=_told(intent),
    )


def _found(asked: Asked) -> stripe.PaymentIntent | None:
    """By its id, else by its mark among those made when it was sent. Stripe's search would lag behind, its list does
    not."""
    intents = _client().v1.payment_intents
    if asked.provider_reference:
        return intents.retrieve(asked.provider_reference)
    since = int((asked.made_at - CLOCKS_DIFFER_BY).timestamp())
    until = int((asked.made_at + SENT_WITHIN + CLOCKS_DIFFER_BY).timestamp())
    for intent in intents.list({"created": {"gte": since, "lte": until}, "limit": 100}).auto_paging_iter():
        if _is_marked(intent, "intent", asked.key):
            return intent
    return None


def _is_marked(found: stripe.StripeObject, mark: str, key: uuid.UUID) -> bool:
    return (found.to_dict().get("metadata") or {}).get(mark) == str(key)


def _outcome_of(intent: Mapping[str, Any], asked: Asked) -> Outcome:
    if (_amount(intent), intent["currency"]) != (asked.amount_minor, asked.currency.lower()):
        log.error("stripe has another amount", charge=asked.metadata["charge"], payment_intent=intent["id"])
        return Outcome(Result.UNKNOWN)
    return _told(intent)


def _told(intent: Mapping[str, Any]) -> Outcome:
    reference = intent["id"]
    match intent["status"]:
        case "succeeded":
            return Outcome(Result.CAPTURED, reference)
        case "requires_payment_method":
            return Outcome(Result.DECLINED, reference, _code(intent.get("last_payment_error") or {}))
        case "canceled":
            return Outcome(Result.DECLINED, reference, _code({"code": intent.get("cancellation_reason") or "canceled"}))
        case "requires_action":
            kind = (intent.get("next_action") or {}).get("type", "")
            return Outcome(Result.PENDING, reference, action=ClientAction(kind, intent.get("client_secret", "")))
    return Outcome(Result.PENDING, reference)


def _outcome_of_refund(refund: Mapping[str, Any]) -> Outcome:
    match refund["status"]:
        case "succeeded":
            return Outcome(Result.CAPTURED, refund["id"])
        case "failed" | "canceled":
            code = _code({"code": refund.get("failure_reason") or refund["status"]})
            return Outcome(Result.DECLINED, refund["id"], code)
    return Outcome(Result.PENDING, refund["id"])


def _amount(intent: Mapping[str, Any]) -> int:
    amount: int = intent["amount_received"] if intent["status"] == "succeeded" else intent["amount"]
    return amount


def _code(error: Mapping[str, Any]) -> str:
    """The bank's own reason, where there is one."""
    code: str = error.get("decline_code") or error.get("code") or "card_declined"
    return code[:LONGEST_CODE]


def _unanswered(call: str, error: stripe.StripeError) -> Outcome:
    """Also where Stripe refuses us altogether (a wrong key): an earlier call may have gone through all the same."""
    log.warning(
        "stripe gave no answer",
        call=call,
        error=type(error).__name__,
        status=error.http_status,
        code=error.code,
        stripe_request=error.request_id,
    )
    return Outcome(Result.UNKNOWN)


def _client() -> stripe.StripeClient:
    return _client_of(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_ANSWERS_WITHIN_SECONDS)


@cache
def _client_of(secret_key: str, api_base: str, answers_within: float) -> stripe.StripeClient:
    """One for the process: it keeps its connections."""
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=(CONNECTS_WITHIN_SECONDS, answers_within)),
    )
