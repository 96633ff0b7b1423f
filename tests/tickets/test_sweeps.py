"""What the sweeps look for each minute stands in an index of its own, however many tickets there were."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from copydesk.tenancy.models import Website
from copydesk.tickets.models import Clock, Ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        ("ticket_clock_running", lambda website: Clock.objects.of(website).past_due(NOON)),
        ("ticket_clock_unwarned", lambda website: Clock.objects.of(website).unwarned(NOON)),
        ("ticket_to_escalate", lambda website: Ticket.objects.of(website).to_escalate(NOON)),
        ("ticket_to_close", lambda website: Ticket.objects.of(website).to_close(NOON)),
    ],
)
def test_a_sweep_has_its_index(website: Website, index: str, rows: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in rows(website).explain()
