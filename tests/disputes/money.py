"""What the machine of tests/orders/test_money_machine.py does with disputes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from copydesk.core import clock
from copydesk.disputes import actions as disputes
from copydesk.disputes.models import Dispute, Outcome
from copydesk.disputes.queries.settlement import Settlement
from copydesk.orders.models import WRITING

NUMBERS = st.integers(0, 3)


class Disputing:
    website: Any
    payer: Any
    writers: list[Any]
    admins: list[Any]
    order: Callable[..., Any]
    attempt: Callable[[Callable[[], object]], None]

    @rule(number=NUMBERS, by_client=st.booleans())
    def dispute(self, number: int, by_client: bool) -> None:
        if order := self.order(number, "delivered", "completed", *WRITING):
            writer = next(each for each in self.writers if each.membership_id == order.writer_id)
            by = self.payer if by_client else writer
            self.attempt(lambda: disputes.open_dispute(order, by=by, reason="other", statement="No"))

    @rule(number=NUMBERS, outcome=st.sampled_from(list(Outcome)), share=st.integers(1, 5))
    def decide_a_dispute(self, number: int, outcome: Outcome, share: int) -> None:
        """What its preview says is what is done."""
        found = list(Dispute.objects.of(self.website).active().order_by("id"))
        if not found:
            return
        row = found[number % len(found)]
        by = self.payer if row.status == "awaiting_client" else next(
            each for each in self.writers if each.membership_id == row.writer_id
        )  # fmt: skip
        if row.status != "under_review":
            self.attempt(lambda: disputes.respond(row, by=by, text="Yes"))
        part = row.order.price_minor * share // 4 if outcome is Outcome.CLIENT_WINS and share < 5 else None
        later = clock.now() + dt.timedelta(days=3) if outcome is Outcome.EXTEND_DEADLINE else None
        decision = disputes.Decision(outcome, "Heard.", None, part, later)
        shown: list[Settlement] = []

        def decide(mode: Literal["preview", "apply"]) -> None:
            mine = Dispute.objects.of(self.website).get(pk=row.pk)
            shown.append(disputes.resolve_dispute(mine, decision, by=self.admins[1], mode=mode))

        self.attempt(lambda: decide("preview"))
        self.attempt(lambda: decide("apply"))
        assert not shown or replace(shown[0], mode="apply") == shown[1]

    @rule(number=NUMBERS)
    def withdraw_a_dispute(self, number: int) -> None:
        found = list(Dispute.objects.of(self.website).active().filter(opener="client").order_by("id"))
        if found:
            self.attempt(lambda: disputes.withdraw_dispute(found[number % len(found)], by=self.payer))
