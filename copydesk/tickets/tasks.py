"""What the clock does to tickets. Each is safe to run twice."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.sweeps import sweep_each
from copydesk.core import clock
from copydesk.tenancy.jobs import sweep
from copydesk.tenancy.models import Website

from .actions import clocks, course, escalating, issues
from .models import AccountEscalation, Clock, Ticket


@sweep("tickets.watch_breaches", cron="* * * * *", atomic=False)
def watch_breaches(website: Website) -> None:
    sweep_each(_of(website, Clock.objects.of(website).past_due(clock.now())), clocks.watch_ticket, website)


@sweep("tickets.watch_risks", cron="* * * * *", atomic=False)
def watch_risks(website: Website) -> None:
    sweep_each(_of(website, Clock.objects.of(website).unwarned(clock.now())), clocks.watch_ticket, website)


@sweep("tickets.escalate", cron="* * * * *", atomic=False)
def escalate(website: Website) -> None:
    sweep_each(Ticket.objects.of(website).to_escalate(clock.now()), escalating.escalate_by_rule, website)


@sweep("tickets.close_resolved", cron="*/5 * * * *", atomic=False)
def close_resolved(website: Website) -> None:
    sweep_each(Ticket.objects.of(website).to_close(clock.now()), course.close_resolved, website)


@sweep("tickets.lift_measures", cron="* * * * *", atomic=False)
def lift_measures(website: Website) -> None:
    sweep_each(AccountEscalation.objects.of(website).to_lift(clock.now()), issues.lift_measure, website)


def _of(website: Website, found: Any) -> Any:
    return Ticket.objects.of(website).filter(pk__in=found.values("ticket_id"))
