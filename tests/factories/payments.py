"""Money: the smallest valid rows, made by the actions, because the database refuses books that do not balance."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.period import Compare, Granularity, Period
from copydesk.payments import actions
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Charge, Earning, Purpose, Reference
from copydesk.payments.queries.booked import Booked, booked, total
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_context, website_scope

from .accounts import actor

ORDER = Reference("thing", 17)


def pending_charge(payer: Membership, amount_minor: int = 10_000, **values: Any) -> Charge:
    """A card charge whose intent is committed and which no provider has seen."""
    given = {"purpose": Purpose.ORDER, "reference": ORDER, "key": "key", "by": actor(payer), **values}
    with website_scope(payer.website_id):
        return actions.begin_charge(payer.website, payer_id=payer.pk, amount_minor=amount_minor, **given)


def captured_charge(payer: Membership, amount_minor: int = 10_000, token: str = "tok_ok", **values: Any) -> Charge:
    """By card, through the sandbox."""
    charge = pending_charge(payer, amount_minor, **values)
    scope = website_scope if connection.in_atomic_block else website_context
    with scope(payer.website_id):
        return actions.run_charge(charge, token, by=actor(payer))


def captured(charge: Charge) -> Charge:
    """The provider has told that it took the money."""
    with website_scope(charge.website_id):
        return actions.settle_charge(charge, Outcome(Result.CAPTURED, "told"), by=Actor.system(charge.website))


def filled_wallet(payer: Membership, amount_minor: int) -> None:
    """The wallet of `payer` holds so much more, as after a top-up."""
    wallet = Reference("wallet", payer.pk)
    with website_scope(payer.website_id):
        filled = Charge.objects.of(payer.website_id).about(wallet).count()
    charge = pending_charge(payer, amount_minor, purpose=Purpose.TOP_UP, reference=wallet, key=f"fill {filled + 1}")
    captured(charge)


def earning(
    writer: Membership, amount_minor: int = 6_000, *, order_id: int = 17, days: int = 0, **values: Any
) -> Earning:
    """Earned now, payable in `days`."""
    with website_scope(writer.website_id):
        return actions.earn(
            writer.website,
            writer_id=writer.pk,
            amount_minor=amount_minor,
            reference=Reference("thing", order_id),
            payable_at=clock.now() + dt.timedelta(days=days),
            by=Actor.system(writer.website),
            **values,
        )


def revenue(website: Website, since: dt.datetime, until: dt.datetime) -> Booked:
    period = Period(since, until, website.timezone, Granularity.DAY, Compare.NONE)
    return total(booked(website, period, [since]))


def ledger_locked_first(sent: CaptureQueriesContext) -> list[tuple[str, int]]:
    """Kind and owner of what the first lock of accounts holds, in its order; before anything is posted."""
    statements = [query["sql"] for query in sent]
    first = next(i for i, sql in enumerate(statements) if "payments_ledgeraccount" in sql and "NO KEY UPDATE" in sql)
    assert first < next(i for i, sql in enumerate(statements) if sql.startswith('INSERT INTO "payments_posting"'))
    with connection.cursor() as cursor:
        found = cursor.execute(statements[first]).fetchall()
        names = [column.name for column in cursor.description]
    return [(row[names.index("kind")], row[names.index("owner_id")]) for row in found]
