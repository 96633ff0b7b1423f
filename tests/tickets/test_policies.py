"""What a website may promise: anything else is refused by its field, and nothing is stored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid
from copydesk.platform.provisioning import as_data
from copydesk.tenancy.models import Policy, Website
from copydesk.tenancy.policies import store_policy
from copydesk.tickets.models import Clock
from copydesk.tickets.policies import SlaPolicy
from tests.factories.tickets import OFFICE_WEEK, SHORT_RULE, sla, ticket

pytestmark = pytest.mark.django_db
EVERY_DAY = [(dt.date(2026, 1, 1) + dt.timedelta(days=n)).isoformat() for n in range(400)]
MONDAYS = [(dt.date(2026, 1, 5) + dt.timedelta(weeks=n)).isoformat() for n in range(60)]
ONE_HOUR = [[[540, 600]], [], [], [], [], [], []]

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"colour": "red"}, "colour"),
    ({"rules": {}}, "rules"),
    ({"rules": ["all"]}, "rules"),
    ({"rules": [{"name": "all"}]}, "rules.0.resolution_minutes"),
    ({"rules": [SHORT_RULE, {**SHORT_RULE, "name": " "}]}, "rules.1.name"),
    ({"rules": [{**SHORT_RULE, "resolution_minutes": 0}]}, "rules.0.resolution_minutes"),
    ({"rules": [{**SHORT_RULE, "resolution_minutes": "60"}]}, "rules.0.resolution_minutes"),
    ({"rules": [{**SHORT_RULE, "next_response_minutes": True}]}, "rules.0.next_response_minutes"),
    ({"rules": [{**SHORT_RULE, "first_response_minutes": 10**9}]}, "rules.0.first_response_minutes"),
    ({"rules": [{**SHORT_RULE, "priorities": ["urgent"]}]}, "rules.0.priorities"),
    ({"rules": [{**SHORT_RULE, "priorities": "high"}]}, "rules.0.priorities"),
    ({"rules": [{**SHORT_RULE, "categories": ["love"]}]}, "rules.0.categories"),
    ({"rules": [{**SHORT_RULE, "roles": ["editor"]}]}, "rules.0.roles"),
    ({"rules": [{**SHORT_RULE, "colour": "red"}]}, "rules.0.colour"),
    ({"escalations": [{"level": 0, "clock": "resolution"}]}, "escalations.0.level"),
    ({"escalations": [{"level": 1, "clock": "noon"}]}, "escalations.0.clock"),
    ({"escalations": [{"level": 1, "clock": "resolution", "after_hours": -1}]}, "escalations.0.after_hours"),
    ({"week": OFFICE_WEEK[:6]}, "week"),
    ({"week": [[]] * 7}, "week"),
    ({"week": [[[600, 540]], *OFFICE_WEEK[1:]]}, "week"),
    ({"week": [[[540, 720], [700, 800]], *OFFICE_WEEK[1:]]}, "week"),
    ({"week": [[[540, 1441]], *OFFICE_WEEK[1:]]}, "week"),
    ({"week": [[["9", "17"]], *OFFICE_WEEK[1:]]}, "week"),
    ({"week": [[540, 720], *OFFICE_WEEK[1:]]}, "week"),
    ({"week": 5}, "week"),
    ({"week": [[[540, 541]], [], [], [], [], [], []]}, "week"),
    ({"holidays": ["25.12.2026"]}, "holidays"),
    ({"holidays": [1]}, "holidays"),
    ({"holidays": "2026-12-25"}, "holidays"),
    ({"week": OFFICE_WEEK, "holidays": [*EVERY_DAY[:-1], "2027-02-04"]}, "holidays"),
    ({"week": ONE_HOUR, "holidays": MONDAYS}, "holidays"),
    ({"at_risk_bps": 10_001}, "at_risk_bps"),
    ({"reopen_days": -1}, "reopen_days"),
    ({"close_days": 0}, "close_days"),
    ({"assigns_automatically": 1}, "assigns_automatically"),
]


@pytest.mark.parametrize(("data", "field"), WRONG, ids=[f"{n} {row[1]}" for n, row in enumerate(WRONG)])
def test_refused_by_its_field(website: Website, data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as found:
        store_policy(website, "sla", data)
    assert field in [error.field for error in found.value.errors]
    assert not Policy.objects.of(website).filter(name="sla").exists()


def test_what_is_stored_is_what_is_in_force(website: Website, client: Membership) -> None:
    store_policy(website, "sla", as_data(SlaPolicy()))
    assert SlaPolicy.of(website) == SlaPolicy(version=1)
    sla(website, week=ONE_HOUR, holidays=MONDAYS[:50], escalations=[], at_risk_bps=0, reopen_days=0)
    ticket(client)
    found = Clock.objects.of(website).get(kind="first_response")
    assert found.due_at is not None
    assert found.due_at == found.risk_at


def test_the_first_rule_that_admits_decides() -> None:
    """And the defaults stand behind."""
    both = {**SHORT_RULE, "priorities": ["high"], "categories": ["refund"], "resolution_minutes": 10}
    writers = {**SHORT_RULE, "roles": ["writer"], "resolution_minutes": 20}
    policy = SlaPolicy.parse({"rules": [both, writers]}, 1)

    def minutes(priority: str, category: str, role: str) -> float:
        return policy.targets(priority, category, role).resolution.total_seconds() / 60

    assert minutes("high", "refund", "client") == minutes("high", "refund", "writer") == 10
    assert minutes("high", "order", "writer") == minutes("low", "refund", "writer") == 20
    assert (minutes("high", "order", "client"), minutes("low", "refund", "client")) == (4 * 60, 72 * 60)
