"""Staff decide about a fine: it is issued, forgiven, or should never have been."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Literal

from copydesk.accounts.actor import Actor
from copydesk.core import bulk, clock
from copydesk.core.bulk import BulkReport
from copydesk.core.money import to_decimal
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.payments.actions import keep_fine, lock_accounts, release_earnings
from copydesk.payments.actions import waive_fine as give_back
from copydesk.payments.models import Earning, EarningKind

from .. import errors
from ..models import Appeal, AppealStatus, Fine, FineStatus
from ..policies import FinePolicy
from .proposing import facts
from .settling import settle_if_paid

DAY = dt.timedelta(days=1)
S = FineStatus


def issue_fine(fine: Fine, *, by: Actor, reason: str = "") -> Fine:
    """At once by a person, by the clock when its notice is over: what it comes to is kept from the next payout."""
    lock_for(fine, "fall_due" if by.is_system else "issue", by=by)
    if by.is_system and fine.issue_at > clock.now():
        return fine
    policy = FinePolicy.of(fine.website_id, fine.policy_version)
    advance(
        fine,
        "fall_due" if by.is_system else "issue",
        by=by,
        reason=reason,
        data=facts(fine),
        issued_by_id=by.user_id,
        appeal_until=clock.now() + policy.appeal_days * DAY,
    )
    if fine.left_minor:
        keep_fine(
            fine.website,
            writer_id=fine.writer_id,
            amount_minor=fine.left_minor,
            reference=fine.reference,
            by=by,
        )
    return settle_if_paid(fine, by=by)


def waive_fine(fine: Fine, *, by: Actor, reason: str, amount_minor: int | None = None) -> Fine:
    """It was right, and is forgiven, whole or in part; it stays in the history. Of one that was settled already it
    comes with the next payout. Raises WaiverTooLarge."""
    lock_for(fine, "waive", by=by)
    return forgive(fine, "waive", by=by, reason=reason, amount_minor=amount_minor)


def void_fine(fine: Fine, *, by: Actor, reason: str) -> Fine:
    """It should never have been: all that is left of it is given back, for good, and it leaves every statistic."""
    lock(fine)
    left, charged = fine.left_minor, fine.issued_at is not None
    advance(fine, "void", by=by, reason=reason, data=facts(fine, waived_minor=left if charged else 0))
    if charged and left:
        _give_back(fine, left, key=f"fine:{fine.pk}:void", by=by, reason=reason)
    release_earnings(fine.website, fine.reference)
    for appeal in Appeal.objects.of(fine.website_id).filter(fine=fine, status=AppealStatus.OPEN):
        advance(appeal, "close", by=by.as_system())
    return fine


def decide_fines(
    ids: Sequence[int], action: str, *, by: Actor, reason: str, mode: Literal["preview", "apply"]
) -> BulkReport:
    """Each of `ids` through the action of that name. Fines, then their writers' accounts, are locked in the order of
    their ids, so that of two such calls one waits for the other."""
    rows = {row.pk: row for row in Fine.objects.visible_to(by).filter(pk__in=ids).order_by("pk").lock()}
    lock_accounts(by.website, writers={row.writer_id for row in rows.values()}, clients=())
    return bulk.each(ids, rows, lambda row: BY_NAME[action](row, by=by, reason=reason), mode)


BY_NAME: dict[str, Callable[..., Fine]] = {"issue": issue_fine, "waive": waive_fine, "void": void_fine}


def forgive(fine: Fine, step: str, *, by: Actor, reason: str, amount_minor: int | None) -> Fine:
    """Of a locked fine: all that is left of it, or a part."""
    amount = fine.left_minor if amount_minor is None else amount_minor
    if amount_minor is not None and not 0 < amount_minor <= fine.left_minor:
        raise errors.WaiverTooLarge(left=str(to_decimal(fine.left_minor)))
    waived = fine.waived_minor + amount
    rest = S.SETTLED if fine.status == S.SETTLED else S.REDUCED
    target = S.WAIVED if waived == fine.amount_minor else rest
    data = facts(fine, waived_minor=amount)
    advance(fine, step, by=by, to=target, reason=reason, data=data, waived_minor=waived)
    if amount:
        _give_back(fine, amount, key=f"fine:{fine.pk}:waived:{waived}", by=by, reason=reason)
    release_earnings(fine.website, fine.reference)
    return fine if fine.status == S.WAIVED else settle_if_paid(fine, by=by)


def _give_back(fine: Fine, amount_minor: int, *, key: str, by: Actor, reason: str) -> None:
    kept = Earning.objects.of(fine.website_id).about(fine.reference).get(kind=EarningKind.FINE)
    give_back(kept, amount_minor, key=key, by=by, reason=reason)
