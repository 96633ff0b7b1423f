"""Whom a disputed order waits for: the desk of stuck orders and a client's own say what its dispute says."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.period import Compare, Granularity, last_days
from copydesk.disputes import actions
from copydesk.disputes.models import TURNS, Dispute, DisputeStatus, Outcome, Party
from copydesk.orders.models import Order
from copydesk.orders.queries.attention import STUCK_TABS, Turn, attention
from copydesk.orders.queries.stuck import StuckOrder, Suggestion, stuck_orders, stuck_rows
from copydesk.reports.clients import client_stats
from tests.factories import disputes, orders
from tests.factories.accounts import actor

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def stuck(admin: Membership) -> list[StuckOrder]:
    asked = attention(admin.website)
    return stuck_rows(actor(admin), asked, list(stuck_orders(actor(admin), asked).ids()))


def order_of(row: Dispute) -> Order:
    return Order.objects.of(row.website_id).get(pk=row.order_id)


def standing(status: str, client: Membership, writer: Membership, support: Membership) -> Dispute:
    if status == "awaiting_writer":
        return disputes.dispute(client, writer)
    if status == "under_review":
        return disputes.reviewed(client, writer)
    row = disputes.dispute_of(orders.delivered_order(client, writer), support)
    return row if status == "open" else disputes.asked(row, support, Party.CLIENT)


@pytest.mark.parametrize(
    ("status", "turn", "action"),
    [
        ("open", Turn.SUPPORT, Suggestion.RESOLVE_DISPUTE),
        ("awaiting_writer", Turn.WRITER, Suggestion.MESSAGE_WRITER),
        ("awaiting_client", Turn.CLIENT, Suggestion.MESSAGE_CLIENT),
        ("under_review", Turn.SUPPORT, Suggestion.RESOLVE_DISPUTE),
    ],
)
def test_every_screen_says_whose_turn_it_is(
    client: Membership,
    writer: Membership,
    admin: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    status: str,
    turn: Turn,
    action: Suggestion,
) -> None:
    row = standing(status, client, writer, support)
    frozen.shift(DAY)
    assert row.status == status
    (found,) = stuck(admin)
    assert (found.order.id, found.waiting_on, found.suggested_action) == (row.order_id, turn, action)
    said = TURNS[DisputeStatus(status)]
    assert turn == (Turn.SUPPORT if said == Party.STAFF else said.value)
    asked = attention(admin.website)
    counted = {tab: narrow(stuck_orders(actor(admin), asked)).count() for tab, narrow in asked.stuck_tabs().items()}
    assert counted == {tab: int(tab in ("all", f"waiting_on_{turn}")) for tab in STUCK_TABS}
    period = last_days(30, clock.now(), admin.website.timezone, Granularity.DAY, Compare.NONE)
    (shown,) = client_stats(actor(client), period).upcoming
    assert (shown.id, shown.waiting_on) == (row.order_id, turn)


def test_who_is_awaited_begins_its_time_anew(
    client: Membership, writer: Membership, admin: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    row = disputes.dispute(client, writer)
    frozen.shift(23 * HOUR)
    disputes.answer(row, client, "And it was late.")
    frozen.shift(HOUR)
    (found,) = stuck(admin)
    assert (found.waiting_on, found.stuck_hours) == (Turn.WRITER, 24)
    disputes.answer(row, writer)
    assert stuck(admin) == []
    frozen.shift(DAY)
    (found,) = stuck(admin)
    assert (found.waiting_on, found.stuck_hours) == (Turn.SUPPORT, 24)
    disputes.asked(row, support, Party.CLIENT)
    assert stuck(admin) == []
    frozen.shift(DAY)
    (found,) = stuck(admin)
    assert (found.waiting_on, found.suggested_action) == (Turn.CLIENT, Suggestion.MESSAGE_CLIENT)


@pytest.mark.parametrize("how", ["withdrawn", "resolved", "expired", "lapsed"])
def test_it_waits_for_nobody_afterwards(
    client: Membership,
    writer: Membership,
    admin: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    how: str,
) -> None:
    row = disputes.dispute(client, writer)
    assert order_of(row).dispute_turn == "writer"
    if how == "withdrawn":
        actions.withdraw_dispute(row, by=actor(client))
    elif how == "resolved":
        disputes.answer(row, writer)
        disputes.resolved(row, admin, Outcome.CLIENT_WINS)
    else:
        if how == "expired":
            Dispute.objects.of(row.website_id).filter(pk=row.pk).update(on_silence="expires")
        frozen.shift(49 * HOUR)
        actions.keep_time(row, by=actor(client).as_system())
    order = order_of(row)
    assert order.dispute_turn == ""
    assert (order.status == "disputed") == (how == "lapsed")


def test_the_database_knows_the_turn_of_disputed_orders_alone(client: Membership, writer: Membership) -> None:
    order = orders.delivered_order(client, writer)
    with pytest.raises(IntegrityError, match="order_dispute_turn"), transaction.atomic():
        Order.objects.of(order.website_id).filter(pk=order.pk).update(dispute_turn="client")
