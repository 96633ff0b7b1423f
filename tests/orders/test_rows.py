"""An order's detail: its cost does not hang on what there is of it; its pay is what the writer has or would get."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.orders.actions import adjustments, messages, staffing
from copydesk.orders.models import Cause, Order, Status
from copydesk.orders.queries.rows import order_detail, order_rows
from tests.factories import orders
from tests.factories.accounts import actor, membership
from tests.orders.stages import Cast

MOST = 5
"""Beside the order itself."""


@pytest.mark.parametrize("status", list(Status))
def test_a_detail_takes_few_queries_for_everybody(client: Membership, status: Status) -> None:
    cast = Cast(client)
    order = cast.order(status)
    if order.adjustable:
        adjustments.propose_adjustment(order, by=cast.actors["owner"], pages=3)
    if order.writer_id:
        messages.write_message(order, "Soon.", by=cast.actors["writer"])
    for name, by in cast.actors.items():
        found = Order.objects.visible_to(by).filter(pk=order.pk).select_related("client__user", "website").first()
        if found is None:
            continue
        with CaptureQueriesContext(
            connection,
        ) as queries:
            detail = order_detail(by, found)
        assert detail.order.status == status
        assert len(queries) <= MOST, (name, [query["sql"] for query in queries])


def test_an_offered_order_shows_the_pay_that_is_offered(
    client: Membership, writer: Membership, writer2: Membership, support: Membership
) -> None:
    order = orders.order_in_progress(client, writer)
    order.assignments.update(pay_minor=1)
    staffing.release(order, by=actor(support), cause=Cause.STAFF, reason="Ill.")
    staffing.assign(order, writer2.pk, by=actor(support), offer=True)
    offered = order.offers.get().pay_minor
    admin = membership(client.website, "admin")
    for member, pay in ((admin, offered), (support, None), (writer2, offered), (writer, 1), (client, None)):
        by = actor(member)
        minor = None if pay is None else pay / 100
        (row,) = order_rows(by, [order])
        assert (float(row.pay) if row.pay is not None else None) == minor
        assert order_detail(by, order).money.pay == row.pay
