"""What the order shows as allowed is what its action does: the checks that read more than the order's row."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.errors import Refusal
from copydesk.orders.actions import adjustments, course, delivery, payment, placement, requests, staffing
from copydesk.orders.models import Order
from copydesk.orders.queries import steps
from tests.factories import orders, payments
from tests.factories.accounts import actor


def shown(order: Order, member: Membership, action: str) -> str | None:
    """The code that stands in the way; null: allowed."""
    found = next(step for step in steps.available_actions(steps.Asked(order, actor(member))) if step.action == action)
    assert found.allowed == (found.code is None)
    return found.code


def told(act: object, *args: object, **values: object) -> str:
    with pytest.raises(Refusal) as refusal:
        act(*args, **values)  # type: ignore[operator]
    return refusal.value.code


def test_an_order_is_asked_for_once(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    assert (shown(order, writer, "take"), shown(order, writer, "request")) == (None, None)
    requests.request_order(order, by=actor(writer))
    assert shown(order, writer, "request") == told(requests.request_order, order, by=actor(writer))
    assert shown(order, writer, "request") == "already_requested"


def test_limits_stand_in_the_way(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client, academic_level="doctoral")
    for action, act in (("take", staffing.take), ("request", requests.request_order)):
        assert shown(order, writer, action) == told(act, order, by=actor(writer)) == "writer_excluded"


def test_an_offer_beyond_limits_is_accepted(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.available_order(client, academic_level="doctoral")
    staffing.assign(order, writer.pk, by=actor(support), offer=True, reason="Nobody else.")
    assert shown(order, writer, "accept") is None
    staffing.accept_offer(order, by=actor(writer))


def test_work_is_handed_in_with_a_file(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    assert shown(order, writer, "submit") == told(delivery.submit, order, by=actor(writer)) == "file_required"
    orders.work_file(order, writer)
    assert shown(order, writer, "submit") is None


def test_a_payment_on_its_way_stands_in_the_way(client: Membership) -> None:
    order = orders.unpaid_order(client)
    assert (shown(order, client, "edit_brief"), shown(order, client, "cancel")) == (None, None)
    payments.pending_charge(client, order.price_minor, reference=order.reference)
    code = told(placement.edit_brief, order, {"topic": "Other"}, by=actor(client))
    assert shown(order, client, "edit_brief") == code
    assert shown(order, client, "cancel") == told(course.cancel, order, by=actor(client), reason="-") == code


def test_an_order_is_paid_once(client: Membership) -> None:
    order = orders.unpaid_order(client)
    assert shown(order, client, "pay") is None
    charge = payments.pending_charge(client, order.price_minor, reference=order.reference)
    assert shown(order, client, "pay") == "charge_pending"
    payments.captured(charge)
    assert shown(order, client, "pay") == "payment_pending"
    payment.apply_capture(charge, by=actor(client))
    order.refresh_from_db()
    assert shown(order, client, "pay") == "wrong_state"


def test_an_adjustment_is_paid_once(client: Membership, support: Membership) -> None:
    order = orders.available_order(client)
    adjustment = adjustments.propose_adjustment(order, by=actor(support), pages=3)
    adjustment.charge = payments.pending_charge(client, adjustment.difference_minor, reference=order.reference)

    def accept() -> str | None:
        return next(
            step.code for step in steps.adjustment_actions(adjustment, actor(client)) if step.action == "accept"
        )

    assert accept() == "charge_pending"
    payments.captured(adjustment.charge)
    assert accept() == "payment_pending"
    adjustment.charge = None
    assert accept() is None


def test_one_adjustment_at_a_time(client: Membership, support: Membership) -> None:
    order = orders.available_order(client)
    adjustments.propose_adjustment(order, by=actor(client), pages=3)
    code = told(adjustments.propose_adjustment, order, by=actor(support), pages=4)
    assert shown(order, client, "adjust") == shown(order, support, "adjust") == code == "adjustment_open"
