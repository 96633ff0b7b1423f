"""Writes about writers: onboarding, profile, leave, suspension, and whom clients prefer or block."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.resolve import digest
from copydesk.core import clock
from copydesk.core.errors import Invalid, NotFound
from copydesk.journal.actions import advance, change, lock, record
from copydesk.journal.models import details
from copydesk.tenancy.models import Website
from copydesk.threads.masking import mask

from .errors import AlreadyApplied, TooManyFeeds, WriterNotApproved
from .models import CalendarFeed, Choice, ChoiceKind, Skill, SkillKind, Writer, WriterStatus
from .policies import WriterPolicy

MOST_FEEDS = 5
SECRET_BYTES = 32
UNDOING = {ChoiceKind.FAVOUR: "writer.unfavour", ChoiceKind.BLOCK: "writer.unblock"}


def open_profile(
    member: Membership,
    *,
    by: Actor,
    pen_name: str,
    bio: str = "",
    subjects: Collection[str] = (),
    paper_types: Collection[str] = (),
) -> Writer:
    """The application of a new member of role writer, who is not admitted until it is approved.

    Raises Invalid for a pen name that is taken, and for contact details.
    """
    refuse_contact_details(pen_name=pen_name, bio=bio)
    with _pen_name_free():
        writer = Writer.objects.of(member.website_id).create(
            member=member,
            pen_name=pen_name,
            bio=bio,
            level=WriterPolicy.of(member.website_id).entry.code,
            applied_at=clock.now(),
        )
    _replace_skills(writer, {SkillKind.SUBJECT: subjects, SkillKind.PAPER_TYPE: paper_types})
    record("writer.apply", writer, by=by, after=writer.status)
    return writer


def apply(*, by: Actor, **profile: Any) -> Writer:
    """A member of role writer opens its profile, or applies again after a rejection. Else raises AlreadyApplied."""
    assert by.membership_id is not None
    writer = lock_writer(by.website, by.membership_id)
    if writer is None:
        member = Membership.objects.of(by.website).lock().get(pk=by.membership_id)
        return open_profile(member, by=by, **profile)
    if writer.status != WriterStatus.REJECTED:
        raise AlreadyApplied(status=writer.status)
    change_profile(writer, by=by, **profile)
    return advance(writer, "apply", by=by)


def refuse_contact_details(**texts: str) -> None:
    """Clients read these. Raises Invalid naming the fields."""
    found = {name: ", ".join(sorted(mask(text).counts)) for name, text in texts.items()}
    if any(found.values()):
        named = {name: f"Leave out contact details: {kinds}." for name, kinds in found.items() if kinds}
        raise Invalid(named, "contact_details")


def require_free_pen_name(website: Website, pen_name: str) -> None:
    """Raises Invalid. The database has the last word; this one speaks before an account is opened."""
    if Writer.objects.of(website).called(pen_name).exists():
        raise Invalid({"pen_name": "This pen name is taken."}, "pen_name_taken")


def change_profile(writer: Writer, *, by: Actor, **given: Any) -> Writer:
    """Of pen_name, bio, subjects, paper_types those that are given; lists replace what was there."""
    refuse_contact_details(**{name: given[name] for name in ("pen_name", "bio") if name in given})
    lock(writer)
    lists = {"subjects": SkillKind.SUBJECT, "paper_types": SkillKind.PAPER_TYPE}
    with _pen_name_free():
        change(writer, **{name: value for name, value in given.items() if name not in lists})
    _replace_skills(writer, {lists[name]: codes for name, codes in given.items() if name in lists})
    record("writer.change_profile", writer, by=by, data=details(fields=sorted(given)))
    return writer


def change_level(writer: Writer, *, by: Actor, level: str, reason: str) -> Writer:
    """Raises Invalid for a level that the website does not have."""
    if not WriterPolicy.of(writer.website_id).has(level):
        raise Invalid({"level": "No such level."})
    lock(writer)
    was = writer.level
    if level != was:
        change(writer, level=level)
        record("writer.change_level", writer, by=by, reason=reason, data=details(was=was, level=level))
    return writer


def approve_writer(writer: Writer, *, by: Actor, level: str | None = None, reason: str = "") -> Writer:
    """Admits the member. `level` where the writer does not start at the lowest one."""
    policy = WriterPolicy.of(writer.website_id)
    if level is not None and not policy.has(level):
        raise Invalid({"level": "No such level."})
    level = level or policy.entry.code
    advance(writer, "approve", by=by, reason=reason, data=details(level=level), level=level)
    Membership.objects.of(writer.website_id).filter(pk=writer.pk).update(admitted=True)
    return writer


def reject_writer(writer: Writer, *, by: Actor, reason: str) -> Writer:
    return advance(writer, "reject", by=by, reason=reason)


def take_leave(
    writer: Writer, *, by: Actor, until: datetime, since: datetime | None = None, reason: str = ""
) -> Writer:
    """Now, or planned for `since`, which the clock then begins. Ends itself at `until`. A new plan replaces the old.

    Raises Invalid for an interval that is over or upside down, WrongState when the writer is not at work.
    """
    now = clock.now()
    since = max(since or now, now)
    if until <= since:
        raise Invalid({"until": "Must be later than the start of the leave."})
    data = details(leave_from=since.isoformat(), leave_until=until.isoformat())
    if since == now:
        return advance(writer, "leave", by=by, reason=reason, data=data, leave_from=since, leave_until=until)
    lock(writer)
    if refusal := Writer.LIFECYCLE.refusal(writer, "leave", by):
        raise refusal
    change(writer, leave_from=since, leave_until=until)
    record("writer.plan_leave", writer, by=by, reason=reason, data=data)
    return writer


def return_from_leave(writer: Writer, *, by: Actor) -> Writer:
    """Ends the leave, or takes back a planned one. Raises WrongState where there is neither."""
    lock(writer)
    if writer.status == WriterStatus.APPROVED and writer.leave_from is not None:
        change(writer, leave_from=None, leave_until=None)
        record("writer.cancel_leave", writer, by=by)
        return writer
    return advance(writer, "return", by=by, leave_from=None, leave_until=None)


def suspend_writer(writer: Writer, *, by: Actor, until: datetime, reason: str) -> Writer:
    """Until then, when it lifts itself; a suspended writer's end may be moved. Orders in work stay with the writer."""
    if until <= clock.now():
        raise Invalid({"until": "Must lie in the future."})
    data = details(suspended_until=until.isoformat())
    return advance(writer, "suspend", by=by, reason=reason, data=data, suspended_until=until)


def reinstate_writer(writer: Writer, *, by: Actor, reason: str = "") -> Writer:
    return _end_suspension(lock(writer), "reinstate", by=by, reason=reason)


def turn_clock(website: Website) -> None:
    """Lifts suspensions, ends and begins leaves whose time has come. Safe to run twice: each row is asked again."""
    by, at = Actor.system(website), clock.now()
    writers = Writer.objects.of(website)
    queues = (writers.suspension_over(at), writers.leave_over(at), writers.leave_begun(at))
    lock_writers(website, {pk for rows in queues for pk in rows.values_list("pk", flat=True)})
    for writer in Writer.objects.of(website).suspension_over(at):
        if lock(writer).status == WriterStatus.SUSPENDED and not writer.suspended(at):
            _end_suspension(writer, "lift", by=by)
    for writer in Writer.objects.of(website).leave_over(at):
        if lock(writer).status == WriterStatus.ON_LEAVE and not writer.on_leave(at):
            advance(writer, "end_leave", by=by, leave_from=None, leave_until=None)
    for writer in Writer.objects.of(website).leave_begun(at):
        if lock(writer).status == WriterStatus.APPROVED and writer.on_leave(at):
            advance(writer, "begin_leave", by=by)


def choose_writer(writer: Writer, kind: ChoiceKind, *, by: Actor) -> None:
    """The client prefers or blocks the writer; the one takes the other's place. Twice is once."""
    assert by.membership_id is not None
    choices = Choice.objects.of(writer.website_id)
    _, added = choices.get_or_create(
        client_id=by.membership_id,
        writer=writer,
        defaults={"website_id": writer.website_id, "kind": kind, "created_at": clock.now()},
    )
    others = choices.filter(client_id=by.membership_id, writer=writer).exclude(kind__in=[kind])
    if added or others.update(kind=kind, created_at=clock.now()):
        record(f"writer.{kind}", writer, by=by, parties=(by.membership_id, None))


def withdraw_choice(writer: Writer, kind: ChoiceKind, *, by: Actor) -> None:
    """Twice is once; the opposite choice stays."""
    chosen = Choice.objects.of(writer.website_id).filter(client_id=by.membership_id, writer=writer, kind=kind)
    removed, _ = chosen.delete()
    if removed:
        record(UNDOING[kind], writer, by=by, parties=(by.membership_id, None))


def open_calendar_feed(*, by: Actor, name: str = "") -> tuple[CalendarFeed, str]:
    """(feed, its secret): the secret is nowhere else. Raises WriterNotApproved for a member without a profile,
    TooManyFeeds."""
    assert by.membership_id is not None
    if lock_writer(by.website, by.membership_id) is None:
        raise WriterNotApproved
    if CalendarFeed.objects.visible_to(by).count() >= MOST_FEEDS:
        raise TooManyFeeds(most=MOST_FEEDS)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = CalendarFeed.objects.of(by.website).create(
        writer_id=by.membership_id, name=name, digest=digest(secret), created_at=clock.now()
    )
    record("calendar_feed.create", feed, by=by)
    return feed, secret


def rotate_calendar_feed(feed: CalendarFeed, *, by: Actor) -> str:
    """Its new secret; the old one opens nothing from now on. Raises NotFound where it was revoked meanwhile."""
    _lock_open_feed(feed)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    change(feed, digest=digest(secret), rotated_at=clock.now())
    record("calendar_feed.rotate", feed, by=by)
    return secret


def revoke_calendar_feed(feed: CalendarFeed, *, by: Actor) -> None:
    _lock_open_feed(feed)
    change(feed, revoked_at=clock.now())
    record("calendar_feed.revoke", feed, by=by)


def lock_writer(website: Website | int, writer_id: int) -> Writer | None:
    """The writer, held until the transaction ends, so that limits hold under parallel calls. After the order's lock."""
    return Writer.objects.of(website).filter(pk=writer_id).lock().first()


def lock_writers(website: Website | int, writer_ids: Collection[int]) -> set[int]:
    """Those of them that were ever admitted, as `lock_writer`, in the order of their ids: of two who lock several one
    waits for the other. One query."""
    return {row.pk for row in Writer.objects.of(website).admitted().filter(pk__in=writer_ids).order_by("pk").lock()}


def count_completed(website: Website | int, writer_id: int) -> None:
    """One order more that the writer has brought to completion: kept as it happens, for lists and levels."""
    Writer.objects.of(website).filter(pk=writer_id).update(completed_orders=F("completed_orders") + 1)


def keep_rating(website: Website | int, writer_id: int, rating_milli: int | None) -> None:
    """Keeps the figure that lists show; it is worked out from reviews, which stand above."""
    Writer.objects.of(website).filter(pk=writer_id).update(rating_milli=rating_milli)


def _lock_open_feed(feed: CalendarFeed) -> None:
    if lock(feed).revoked_at is not None:
        raise NotFound


def _end_suspension(writer: Writer, name: str, *, by: Actor, reason: str = "") -> Writer:
    """To leave where it still runs, else to work. `writer` is locked."""
    now = clock.now()
    to = WriterStatus.ON_LEAVE if writer.on_leave(now) else WriterStatus.APPROVED
    over = writer.leave_until is not None and writer.leave_until <= now
    changes: dict[str, Any] = {"leave_from": None, "leave_until": None} if over else {}
    return advance(writer, name, by=by, to=to, reason=reason, suspended_until=None, **changes)


def _replace_skills(writer: Writer, given: Mapping[SkillKind, Collection[str]]) -> None:
    for kind, codes in given.items():
        skills = Skill.objects.of(writer.website_id).filter(writer=writer, kind=kind)
        skills.exclude(code__in=codes).delete()
        known = set(skills.values_list("code", flat=True))
        Skill.objects.of(writer.website_id).bulk_create(
            Skill(website_id=writer.website_id, writer=writer, kind=kind, code=code)
            for code in sorted(set(codes) - known)
        )


@contextmanager
def _pen_name_free() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "writer_pen_name_unique" not in str(error):
            raise
        raise Invalid({"pen_name": "This pen name is taken."}, "pen_name_taken") from error
