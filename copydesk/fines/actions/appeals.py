"""The fined writer appeals, and another person than who fined decides; or nobody does, and it is waived."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.payments.actions import hold_earnings, release_earnings

from ..models import Appeal, AppealStatus, Fine
from ..policies import FinePolicy
from .deciding import forgive
from .proposing import facts
from .settling import settle_if_paid

DAY = dt.timedelta(days=1)
LAPSED = "Nobody has decided the appeal in time."


def appeal_fine(fine: Fine, *, by: Actor, text: str) -> Appeal:
    """Once, within the policy's days; not collected meanwhile. Raises NotYourFine, AlreadyAppealed, AppealTooLate."""
    policy = FinePolicy.of(fine.website_id, fine.policy_version)
    advance(fine, "appeal", by=by, reason=text, data=facts(fine))
    hold_earnings(fine.website, fine.reference)
    return Appeal.objects.of(fine.website_id).create(
        fine=fine, text=text, opened_at=clock.now(), due_at=clock.now() + policy.decide_days * DAY
    )


def approve_appeal(appeal: Appeal, *, by: Actor, reason: str, amount_minor: int | None = None) -> Appeal:
    """The fine is waived, or of it the amount that is said. Raises SameIssuer, WaiverTooLarge."""
    fine = lock(appeal.fine)
    lock_for(appeal, "approve", by=by)
    before = fine.waived_minor
    forgive(fine, "forgive", by=by, reason=reason, amount_minor=amount_minor)
    waived = fine.waived_minor - before
    return advance(
        appeal,
        "approve",
        by=by,
        reason=reason,
        data=facts(fine, waived_minor=waived),
        waived_minor=waived,
        answer=reason,
        decided_by_id=by.user_id,
    )


def reject_appeal(appeal: Appeal, *, by: Actor, reason: str) -> Appeal:
    """The fine stands, and is collected. Raises SameIssuer."""
    fine = lock(appeal.fine)
    advance(appeal, "reject", by=by, reason=reason, data=facts(fine), answer=reason, decided_by_id=by.user_id)
    advance(fine, "uphold", by=by, reason=reason, data=facts(fine))
    release_earnings(fine.website, fine.reference)
    settle_if_paid(fine, by=by)
    return appeal


def lapse_appeal(appeal: Appeal, *, by: Actor) -> Appeal:
    """By the clock: undecided in time, the fine is waived by itself. Safe to repeat."""
    fine = lock(appeal.fine)
    lock(appeal)
    if appeal.status != AppealStatus.OPEN or appeal.due_at > clock.now():
        return appeal
    waived = fine.left_minor
    advance(appeal, "lapse", by=by, data=facts(fine, waived_minor=waived), waived_minor=waived)
    forgive(fine, "lapse", by=by, reason=LAPSED, amount_minor=None)
    return appeal
