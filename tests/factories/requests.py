"""Orders that writers may ask for, as rows: for what does not care how an order came to its status."""

import datetime as dt
from typing import Any

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.models import Order, Status
from copydesk.tenancy.scope import website_scope


def order(client: Membership, **values: Any) -> Order:
    """An available order of 5 pages for 100.00, a bachelor's history essay, due to the client in 10 days."""
    now = clock.now()
    with website_scope(client.website_id):
        orders = Order.objects.of(client.website)
        row = orders.create(
            **{
                "number": orders.count() + 1,
                "client": client,
                "status": Status.AVAILABLE,
                "topic": "The causes of the war",
                "instructions": "Ten sources.",
                "paper_type": "essay",
                "subject": "history",
                "academic_level": "bachelor",
                "level_rank": 2,
                "work_type": "writing",
                "pages": 5,
                "slides": 0,
                "spacing": "double",
                "price_minor": 10_000,
                "pricing_version": 0,
                "policy_version": 0,
                "client_deadline": now + dt.timedelta(days=10),
                "expires_at": now + dt.timedelta(days=3),
                "placed_at": now,
                "paid_at": now,
                **values,
            }
        )
    row.website = client.website
    return row
