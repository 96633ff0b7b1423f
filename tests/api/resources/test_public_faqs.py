"""Questions and answers that anybody may read."""

from __future__ import annotations

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tickets.actions.desk import write_faq
from tests.api.client import anonymous
from tests.factories import tenancy
from tests.factories.accounts import actor

PATH = "/api/v1/public/faqs/"


def test_published_ones_in_the_desks_order(website: Website, support: Membership) -> None:
    by = actor(support)
    write_faq(by=by, question="When?", answer="Soon.", category="order", position=2, is_published=True)
    first = write_faq(by=by, question="How?", answer="So.", category="payment", position=1, is_published=True)
    write_faq(by=by, question="Secret?", answer="Yes.", category="order")
    caller = anonymous(website)
    found = caller.get(PATH)
    assert found["results"][0] == {"id": first.pk, "category": "payment", "question": "How?", "answer": "So."}
    assert [row["question"] for row in found["results"]] == ["How?", "When?"]
    assert [row["question"] for row in caller.get(PATH, category="order")["results"]] == ["When?"]
    caller.get(PATH, 400, category="love")
    assert anonymous(tenancy.website("borealis")).get(PATH)["results"] == []
    anonymous().get(PATH, 400)
