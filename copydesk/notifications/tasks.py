"""Each loads its row and calls one action, and is safe to run twice."""

from __future__ import annotations

from copydesk.journal.models import Event
from copydesk.tenancy.jobs import job
from copydesk.tenancy.models import Website

from . import actions


@job("notifications.notify")
def notify(website: Website, *, event_id: int) -> None:
    actions.notify(website, Event.objects.of(website).get(pk=event_id))


@job("notifications.mail", atomic=False)
def mail(website: Website, *, notification_id: int) -> None:
    actions.mail(website, notification_id)
