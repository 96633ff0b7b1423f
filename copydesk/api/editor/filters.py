"""What narrows the tasks that wait for an editor."""

from __future__ import annotations

import django_filters

from copydesk.core import clock
from copydesk.editing.models import Due, EditingTaskQuerySet
from copydesk.editing.policies import EditingPolicy

FREE_SORTS = {"deadline": "order__client_deadline", "opened_at": "opened_at", "pages": "order__pages"}


class FreeTaskFilter(django_filters.FilterSet):
    """`deadline`: by the client's; urgent ones have few hours left, by the website's policy."""

    deadline = django_filters.ChoiceFilter(choices=Due.choices, method="by_deadline")
    pages_min = django_filters.NumberFilter("order__pages", "gte", min_value=0, max_value=100_000)
    pages_max = django_filters.NumberFilter("order__pages", "lte", min_value=0, max_value=100_000)
    paper_type = django_filters.CharFilter("order__paper_type", max_length=40)
    subject = django_filters.CharFilter("order__subject", max_length=40)

    def by_deadline(self, rows: EditingTaskQuerySet, name: str, value: str) -> EditingTaskQuerySet:
        return rows.due(value, clock.now(), EditingPolicy.of(self.request.actor.website).urgent_hours)
