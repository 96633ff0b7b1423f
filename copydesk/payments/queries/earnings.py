"""What was earned for something."""

from __future__ import annotations

from django.db.models import Q, Sum

from copydesk.payments.models import Earning, EarningKind, Reference
from copydesk.tenancy.models import Website


def earned_minor(website: Website | int, reference: Reference, writer_id: int | None = None) -> int:
    """A writer's pay for it, or that of all, less its reductions; tips apart. One query."""
    rows = Earning.objects.of(website).about(reference)
    if writer_id is not None:
        rows = rows.filter(writer_id=writer_id)
    pay = rows.filter(Q(kind=EarningKind.PAY) | Q(reduces__kind=EarningKind.PAY))
    total: int = pay.aggregate(total=Sum("amount_minor", default=0))["total"]
    return total
