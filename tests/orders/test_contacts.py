"""Client and writer do not meet outside of the website: contact details go from all that the other side reads."""

from __future__ import annotations

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.actions import course, delivery, placement
from copydesk.orders.models import Round
from tests.factories import orders
from tests.factories.accounts import actor

MAIL = "me@example.com"


def test_of_a_brief(client: Membership) -> None:
    order = orders.unpaid_order(client, topic=f"Ask {MAIL}", instructions=f"Or {MAIL}; see https://doi.org/10.1/x")
    assert order.topic == "Ask [removed]"
    assert order.instructions == "Or [removed]; see https://doi.org/10.1/x"
    placement.edit_brief(order, {"topic": f"{'x' * 295} m@x.co"[:300], "instructions": MAIL}, by=actor(client))
    assert (len(order.topic) <= 300, order.instructions) == (True, "[removed]")


def test_of_a_revision_and_a_dispute(client: Membership, writer: Membership) -> None:
    order = orders.delivered_order(client, writer)
    delivery.request_revision(order, by=actor(client), reason=f"Write {MAIL}", changes_required=[f"Mail {MAIL}", "Two"])
    asked = Round.objects.of(order.website_id).get(order=order, kind="revision")
    assert (asked.reason, asked.changes_required) == ("Write [removed]", ["Mail [removed]", "Two"])
    course.dispute(order, by=actor(writer), dispute_reason="other", statement=f"Ask {MAIL}")
    told = Event.objects.of(order.website_id).filter(reason__contains="removed")
    assert set(told.values_list("verb", "reason")) == {
        ("order.request_revision", "Write [removed]"),
        ("order.dispute", "Ask [removed]"),
    }
