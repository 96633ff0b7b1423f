"""What the desk keeps for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid, NotFound
from copydesk.journal.actions import change, lock, record
from copydesk.journal.models import Journaled, details

from .. import errors
from ..models import CannedReply, Faq, Shift, SupportProfile
from ..models.desk import ShiftQuerySet
from ..queries.agents import DEFAULT_CAPACITY, desk_members

K = TypeVar("K", bound=Journaled)


def keep_profile(
    member_id: int, *, by: Actor, capacity: int | None = None, available: bool | None = None
) -> SupportProfile:
    """Makes it at first use. An agent changes its own availability; capacities are an admin's to set. Raises Forbidden,
    Invalid."""
    member = _agent(member_id, by)
    profiles = SupportProfile.objects.of(by.website)
    if not by.can(Can.MANAGE_DESK) and (capacity is not None or member_id != by.membership_id):
        raise Forbidden
    if capacity is not None and not 1 <= capacity <= 500:
        raise Invalid({"capacity": "From 1 to 500."})
    profile, _ = profiles.get_or_create(member=member, defaults={"capacity": DEFAULT_CAPACITY})
    lock(profile)
    given = details(capacity=capacity, available=available)
    change(profile, **given)
    record("support_profile.change", profile, by=by, data=given)
    return profile


def plan_shift(member_id: int, starts_at: dt.datetime, ends_at: dt.datetime, *, by: Actor) -> Shift:
    """Raises Forbidden, Invalid for times that are none or overlap another shift of the agent's."""
    _manage(by)
    member = _agent(member_id, by)
    shifts = Shift.objects.of(by.website)
    _refuse_times(starts_at, ends_at, shifts.filter(member=member))
    shift = shifts.create(member=member, starts_at=starts_at, ends_at=ends_at)
    record("shift.plan", shift, by=by, data=details(member_id=member.pk))
    return shift


def move_shift(
    shift: Shift, *, by: Actor, starts_at: dt.datetime | None = None, ends_at: dt.datetime | None = None
) -> Shift:
    """One end of it, or both. Raises Forbidden, NotFound, ShiftOver, and Invalid as plan_shift."""
    _manage(by)
    _refuse_over(_kept(shift))
    Membership.objects.of(by.website).lock().get(pk=shift.member_id)
    starts_at, ends_at = starts_at or shift.starts_at, ends_at or shift.ends_at
    _refuse_times(starts_at, ends_at, Shift.objects.of(by.website).filter(member=shift.member_id).exclude(pk=shift.pk))
    change(shift, starts_at=starts_at, ends_at=ends_at)
    record("shift.move", shift, by=by, data=details(member_id=shift.member_id))
    return shift


def cancel_shift(shift: Shift, *, by: Actor) -> None:
    """Raises Forbidden, ShiftOver, NotFound where another was faster."""
    _manage(by)
    _refuse_over(_kept(shift))
    record("shift.cancel", shift, by=by, data=details(member_id=shift.member_id))
    shift.delete()


def write_canned_reply(*, by: Actor, title: str, body: str, category: str = "", active: bool = True) -> CannedReply:
    """Raises Forbidden, Invalid."""
    row = CannedReply(title=title.strip(), body=body.strip(), category=category, active=active)
    with _title_taken():
        return _written(row, ("title", "body"), by)


def change_canned_reply(row: CannedReply, *, by: Actor, **values: Any) -> CannedReply:
    with _title_taken():
        return _changed(row, values, ("title", "body"), by)


def write_faq(
    *, by: Actor, question: str, answer: str, category: str, position: int = 0, is_published: bool = False
) -> Faq:
    """Raises Forbidden, Invalid."""
    values = {"category": category, "position": position, "is_published": is_published}
    return _written(Faq(question=question.strip(), answer=answer.strip(), **values), ("question", "answer"), by)


def change_faq(row: Faq, *, by: Actor, **values: Any) -> Faq:
    return _changed(row, values, ("question", "answer"), by)


def discard(row: CannedReply | Faq, *, by: Actor) -> None:
    """By an admin, for good; the desk itself takes a text out of use. Raises Forbidden, NotFound where another was
    faster."""
    _manage(by)
    record(f"{row.noun}.discard", _kept(row), by=by)
    row.delete()


def _written(row: K, needed: tuple[str, ...], by: Actor) -> K:
    _work(by)
    _refuse_blank({name: getattr(row, name) for name in needed})
    row.website = by.website
    row.save(force_insert=True)
    record(f"{row.noun}.write", row, by=by)
    return row


def _changed(row: K, values: dict[str, Any], needed: tuple[str, ...], by: Actor) -> K:
    _work(by)
    values = {name: value.strip() if name in needed else value for name, value in values.items()}
    _refuse_blank({name: values[name] for name in needed if name in values})
    change(_kept(row), **values)
    record(f"{row.noun}.change", row, by=by)
    return row


def _kept(row: K) -> K:
    """Locked, as it now is; raises NotFound where it was removed meanwhile."""
    try:
        return lock(row)
    except ObjectDoesNotExist as error:
        raise NotFound from error


def _refuse_blank(texts: dict[str, str]) -> None:
    blank = {name: "Write something." for name, text in texts.items() if not text}
    if blank:
        raise Invalid(blank, "blank")


@contextmanager
def _title_taken() -> Iterator[None]:
    """The database says so: of two at once one is refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Invalid({"title": "Another one has this title."}, "taken") from error


def _refuse_times(starts_at: dt.datetime, ends_at: dt.datetime, others: ShiftQuerySet) -> None:
    if not starts_at < ends_at <= starts_at + dt.timedelta(days=1):
        raise Invalid({"ends_at": "After its start, within a day."})
    if others.between(starts_at, ends_at).exists():
        raise Invalid({"starts_at": "Overlaps another shift."}, "overlap")


def _refuse_over(shift: Shift) -> None:
    if shift.ends_at <= clock.now():
        raise errors.ShiftOver


def _agent(member_id: int, by: Actor) -> Membership:
    """Locked: what is kept of one agent is written one after the other."""
    member = desk_members(by.website).filter(pk=member_id).lock().first()
    if member is None:
        raise Invalid({"member_id": "No such member of the desk."}, "not_found")
    return member


def _manage(by: Actor) -> None:
    if not by.can(Can.MANAGE_DESK):
        raise Forbidden


def _work(by: Actor) -> None:
    if not by.can(Can.WORK_TICKETS):
        raise Forbidden
