"""What narrows queues of tickets, on whatever desk."""

from __future__ import annotations

import django_filters

from copydesk.tickets.models import Category, Priority
from copydesk.tickets.models.ticket import TicketQuerySet

PRIORITIES = [(one.word, one.word) for one in Priority]


class QueueFilter(django_filters.FilterSet):
    """`priority` and `category` may be given several times."""

    priority = django_filters.MultipleChoiceFilter(choices=PRIORITIES, method="by_priority", distinct=False)
    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)

    def by_priority(self, rows: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        return rows.filter(priority__in=[Priority[word.upper()] for word in value]) if value else rows
