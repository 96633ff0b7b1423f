"""Where money leaves the process: what every provider must offer, and which ones there are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from copydesk.payments.errors import UnknownProvider


class Result(StrEnum):
    """`pending`: the provider has it and will tell. `unknown`: no answer came. `absent`: the provider never had it."""

    CAPTURED = "captured"
    DECLINED = "declined"
    PENDING = "pending"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` says why it was declined, in snake_case."""

    result: Result
    provider_reference: str = ""
    code: str = ""


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

    def charge(
        self, *, key: uuid.UUID, amount_minor: int, currency: str, token: str, metadata: Mapping[str, int]
    ) -> Outcome:
        """`metadata` (website, charge) comes back in webhooks."""

    def lookup(self, key: uuid.UUID) -> Outcome: ...

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
