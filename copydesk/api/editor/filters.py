"""What narrows editing tasks: those that wait; an editor's own, so that each of its figures can be counted again."""

from __future__ import annotations

import django_filters

from copydesk.api.filters import WholeNumber, between
from copydesk.core import clock
from copydesk.editing.models import AssignmentType, Due, EditingTaskQuerySet, Outcome, TaskStatus
from copydesk.editing.policies import EditingPolicy

FREE_SORTS = {"deadline": "order__client_deadline", "opened_at": "opened_at", "pages": "order__pages"}


class OfKind(django_filters.FilterSet):
    """`deadline`: of open tasks, by the client's; urgent ones have few hours left, by the website's policy."""

    deadline = django_filters.ChoiceFilter(choices=Due.choices, method="by_deadline")
    paper_type = django_filters.CharFilter("order__paper_type", max_length=40)
    subject = django_filters.CharFilter("order__subject", max_length=40)

    def by_deadline(self, rows: EditingTaskQuerySet, name: str, value: str) -> EditingTaskQuerySet:
        return rows.open().due(value, clock.now(), EditingPolicy.of(self.request.actor.website).urgent_hours)


class FreeTaskFilter(OfKind):
    pages_min = WholeNumber("order__pages", "gte", min_value=0, max_value=100_000)
    pages_max = WholeNumber("order__pages", "lte", min_value=0, max_value=100_000)


class OwnTaskFilter(OfKind, between("closed_at")):  # type: ignore[misc]
    """`from`, `to`: when a task was closed. `status`, `assignment_type` and `outcome` may be given several times."""

    status = django_filters.MultipleChoiceFilter(choices=TaskStatus.choices, distinct=False)
    assignment_type = django_filters.MultipleChoiceFilter(choices=AssignmentType.choices, distinct=False)
    outcome = django_filters.MultipleChoiceFilter(choices=Outcome.choices, distinct=False)
