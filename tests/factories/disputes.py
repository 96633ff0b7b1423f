"""Disputes in every state, by the real actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from copydesk.accounts.models import Membership
from copydesk.disputes import actions
from copydesk.disputes.models import Dispute, Outcome, Party
from copydesk.disputes.queries.settlement import Settlement
from copydesk.orders.actions import delivery
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope

from .accounts import actor
from .orders import completed_order, delivered_order, order_in_progress

SAID = "The paper misses half of the assignment."
ANSWERED = "Everything that was asked for is on page two."


def revised_order(client: Membership, writer: Membership, **values: Any) -> Order:
    order = delivered_order(client, writer, **values)
    with website_scope(client.website_id):
        return delivery.request_revision(order, by=actor(client), reason="Longer.")


STATES: dict[str, Callable[..., Order]] = {
    "in_progress": order_in_progress,
    "delivered": delivered_order,
    "revision": revised_order,
    "completed": completed_order,
}
"""Where an order may stand when it is disputed."""


def dispute_of(order: Order, by: Membership, reason: str = "quality_issue", statement: str = SAID) -> Dispute:
    with website_scope(order.website_id):
        return actions.open_dispute(order, by=actor(by), reason=reason, statement=statement)


def dispute(client: Membership, writer: Membership, **given: Any) -> Dispute:
    """Opened by the client about a delivered order: it awaits the writer."""
    return dispute_of(delivered_order(client, writer), client, **given)


def answer(row: Dispute, by: Membership, text: str = ANSWERED, **given: Any) -> Dispute:
    with website_scope(row.website_id):
        actions.respond(row, by=actor(by), text=text, **given)
    return row


def reviewed(client: Membership, writer: Membership, state: str = "delivered", **given: Any) -> Dispute:
    """Opened by the client, answered by the writer: it is to be decided."""
    return answer(dispute_of(STATES[state](client, writer), client, **given), writer)


def asked(row: Dispute, staff: Membership, whom: Party) -> Dispute:
    return answer(row, staff, "What do you say to it?", ask=whom)


def resolved(
    row: Dispute, admin: Membership, outcome: Outcome = Outcome.WRITER_WINS, mode: Any = "apply", **given: Any
) -> Settlement:
    decision = actions.Decision(outcome, "Both sides were heard.", **given)
    with website_scope(row.website_id):
        return actions.resolve_dispute(row, decision, by=actor(admin), mode=mode)
