"""One website in scope, and its people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from copydesk.accounts.models import Membership
from copydesk.config.environment import payment_gateways
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, tenancy
from tests.payments.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET, StandIn, stand_in


@pytest.fixture
def website(db: None) -> Iterator[Website]:
    row = tenancy.website()
    with website_scope(row.pk):
        yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


@pytest.fixture
def writer(website: Website) -> Membership:
    return accounts.membership(website, "writer")


@pytest.fixture
def stripe(settings: Settings) -> Iterator[StandIn]:
    """Charges go to Stripe, for which a server on loopback stands in."""
    with stand_in() as standing:
        settings.PAYMENT_PROVIDER = "stripe"
        settings.PAYMENT_GATEWAYS = payment_gateways(
            {"COPYDESK_STRIPE_SECRET_KEY": SECRET_KEY, "COPYDESK_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
        )
        settings.STRIPE_SECRET_KEY = SECRET_KEY
        settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
        settings.STRIPE_API_BASE = standing.url
        yield standing
