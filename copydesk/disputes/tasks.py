"""What the clock does to disputes. Safe to run twice."""

from __future__ import annotations

from copydesk.accounts.sweeps import sweep_each
from copydesk.core import clock
from copydesk.tenancy.jobs import sweep
from copydesk.tenancy.models import Website

from .actions import keep_time
from .models import Dispute


@sweep("disputes.keep_time", "*/5 * * * *", atomic=False)
def keep_due_times(website: Website) -> None:
    sweep_each(Dispute.objects.of(website).due(clock.now()), keep_time, website)
