"""Where money leaves the process: what every provider must offer, and which ones there are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from copydesk.payments.errors import UnknownProvider
from copydesk.payments.models import ClientAction

SENT_WITHIN = dt.timedelta(minutes=10)
"""A charge is sent to its provider within this time of its making, or never: providers forget our keys after a day."""


class Result(StrEnum):
    """`pending`: the provider has it and will tell. `unknown`: no answer came. `absent`: the provider never had it."""

    CAPTURED = "captured"
    DECLINED = "declined"
    PENDING = "pending"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` says why it was declined, in snake_case. `action`: pending until the payer has done it."""

    result: Result
    provider_reference: str = ""
    code: str = ""
    action: ClientAction | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A charge as a provider is, or was, asked for it. `metadata` (website, charge) comes back in webhooks;
    `provider_reference` is empty as long as the provider has not told us one."""

    key: uuid.UUID
    amount_minor: int
    currency: str
    metadata: Mapping[str, int]
    made_at: dt.datetime
    provider_reference: str


@dataclass(frozen=True, slots=True)
class Message:
    """A verified webhook. `key` is the intent of a charge of website `website_id`."""

    message_id: str
    website_id: int
    key: uuid.UUID
    amount_minor: int
    currency: str
    outcome: Outcome


class Gateway(Protocol):
    """Calls run outside of any transaction and never raise for the network's sake: no answer is Result.UNKNOWN.

    The same key twice has one effect and the same answer.
    """

    def charge(self, asked: Asked, *, token: str) -> Outcome: ...

    def lookup(self, asked: Asked, *, give_up: bool) -> Outcome:
        """`give_up`: a payment that still waits for its payer is withdrawn, and so declined."""

    def refund(self, *, key: uuid.UUID, payment: uuid.UUID, provider_reference: str, amount_minor: int) -> Outcome:
        """`captured` here means given back. `payment` is the charge's key."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Message:
        """Verifies the signature and its age; raises WebhookRefused."""


@cache
def _load(path: str) -> type[Gateway]:
    return import_string(path)  # type: ignore[no-any-return]


def gateway_of(provider: str) -> Gateway:
    path = settings.PAYMENT_GATEWAYS.get(provider)
    if path is None:
        raise UnknownProvider
    return _load(path)()
