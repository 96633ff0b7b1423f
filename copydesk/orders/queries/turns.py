"""Whose turn it is, and until when."""

from __future__ import annotations

from django.db.models import Case, F, When

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
"""Of open orders. With `support` stand all staff."""


def next_due() -> Case:
    """As a client sees it: when an unpaid order expires, a delivered one is approved by itself, another is to come."""
    return Case(
        When(status=Status.UNPAID, then=F("expires_at")),
        When(status=Status.DELIVERED, then=F("approve_at")),
        default=F("client_deadline"),
    )
