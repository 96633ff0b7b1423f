"""Whose turn it is, and until when."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, F, Q, Value, When

from ..models import Status

WAITING_ON = {
    Status.UNPAID: "payment",
    Status.AVAILABLE: "support",
    Status.OFFERED: "writer",
    Status.IN_PROGRESS: "writer",
    Status.EDITING: "editor",
    Status.DELIVERED: "client",
    Status.REVISION: "writer",
    Status.ON_HOLD: "support",
    Status.DISPUTED: "support",
}
"""Of open orders. With `support` stand all staff; who lead a dispute, also while a party's statement is awaited in it:
whom one order waits for now is `waiting_on`'s to say."""


def waiting_on() -> Case:
    """Whom an order waits for: its status's, or the party that its dispute asks; null once it is over."""
    awaited: Any = When(~Q(dispute_turn=""), then=F("dispute_turn"))
    by_status = (When(status=status, then=Value(whom)) for status, whom in WAITING_ON.items())
    return Case(awaited, *by_status, default=None, output_field=CharField(null=True))


def next_due() -> Case:
    """As a client sees it: when an unpaid order expires, a delivered one is approved by itself, another is to come."""
    return Case(
        When(status=Status.UNPAID, then=F("expires_at")),
        When(status=Status.DELIVERED, then=F("approve_at")),
        default=F("client_deadline"),
    )
