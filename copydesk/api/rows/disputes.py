"""How disputes are narrowed, and how a decision is said: one at a time or many."""

from __future__ import annotations

from typing import Any

import django_filters
from rest_framework import serializers

from copydesk.api.body import BIGGEST, InstantField
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.core.money import to_minor
from copydesk.disputes import actions
from copydesk.disputes.models import DisputeQuerySet, DisputeStatus, Outcome, Party, Verdict, side_of
from copydesk.orders.models import DisputeReason


class DisputeFilter(between("opened_at")):  # type: ignore[misc]
    """`status` and `reason` may be given several times. `your_turn`: those that wait for the caller's side."""

    status = django_filters.MultipleChoiceFilter(choices=DisputeStatus.choices, distinct=False)
    reason = django_filters.MultipleChoiceFilter(choices=DisputeReason.choices, distinct=False)
    opener = django_filters.ChoiceFilter(choices=Party.choices)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)
    your_turn = BooleanFilter(method="of_turn")

    def of_turn(self, rows: DisputeQuerySet, name: str, value: bool) -> DisputeQuerySet:  # noqa: FBT001
        return rows.in_turn_of(side_of(self.request.actor), value)


class VerdictBody(serializers.Serializer[Any]):
    """`verdict`: who is right. writer_wins and client_wins say it themselves; extend_deadline (neither, where none is
    given) and reassign (client) leave it open."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False)
    new_deadline = InstantField(required=False)
    note = serializers.CharField(max_length=5_000)
    mode = serializers.ChoiceField(choices=["preview", "apply"], default="apply")


def decision_of(body: dict[str, Any]) -> actions.Decision:
    amount, verdict = body.get("refund_amount"), body.get("verdict")
    return actions.Decision(
        outcome=Outcome(body["outcome"]),
        note=body["note"],
        verdict=Verdict(verdict) if verdict else None,
        refund_minor=None if amount is None else to_minor(amount),
        new_deadline=body.get("new_deadline"),
    )
