"""What is known of writers: their rows as each role sees them, and ratings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Avg

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.accounts.resolve import digest
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.tenancy.models import Website

from .models import CalendarFeed, Choice, ChoiceKind, Skill, SkillKind, Writer
from .policies import Level, WriterPolicy

STARS_MILLI = 1_000
MOST_STARS = 5
PRIOR_WEIGHT = 10
HALF_LIFE_DAYS = 180
COLUMNS = (
    *("pen_name", "bio", "status", "completed_orders", "applied_at", "approved_at"),
    *("leave_from", "leave_until", "suspended_until"),
)
"""Of WriterProfile, as the model has them."""


@dataclass(frozen=True, slots=True)
class WriterCard:
    """What a client sees of a writer. `rating` in stars, null while unrated; `choice`: favour, block or null.

    `available`: takes new work now.
    """

    id: int
    pen_name: str
    bio: str
    level: str
    level_name: str
    rating: float | None
    completed_orders: int
    subjects: list[str]
    paper_types: list[str]
    available: bool
    choice: str | None


@dataclass(frozen=True, slots=True)
class WriterProfile:
    """What staff and the writer itself see. `rating` in stars, null while unrated."""

    id: int
    pen_name: str
    bio: str
    status: str
    rating: float | None
    completed_orders: int
    subjects: list[str]
    paper_types: list[str]
    applied_at: datetime
    approved_at: datetime | None
    leave_from: datetime | None
    leave_until: datetime | None
    suspended_until: datetime | None


@dataclass(frozen=True, slots=True)
class WriterRow(WriterProfile):
    """What staff see of a writer. `number` is the member's number on the website."""

    number: int
    full_name: str
    email: str
    level: str
    level_name: str


@dataclass(frozen=True, slots=True)
class WriterDetail:
    """A writer for staff, with what the caller may do now."""

    writer: WriterRow
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What a level allows and pays: shares in basis points; `pay_per_page`, where set, replaces one."""

    code: str
    name: str
    rank: int
    max_open_requests: int
    max_active_orders: int
    can_take: bool
    pay_share_bps: int
    pay_per_page: Decimal | None
    currency: str
    tip_share_bps: int


@dataclass(frozen=True, slots=True)
class CalendarFeedRow:
    """`url` has the secret in it: it is shown once, where the feed is made or rotated, and null ever after, also to a
    retry of that request under its Idempotency-Key. Whoever missed it rotates the feed."""

    id: int
    name: str
    created_at: datetime
    rotated_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True)
class OwnProfile(WriterProfile):
    """A writer's own profile."""

    level: LevelRow
    available_actions: list[AvailableAction]


def cards(actor: Actor, writers: Sequence[Writer]) -> list[WriterCard]:
    """For a client. Three queries, whatever the number of rows."""
    skills = _skills(actor.website, writers)
    choices = dict(
        Choice.objects.of(actor.website)
        .filter(client_id=actor.membership_id, writer__in=[row.pk for row in writers])
        .values_list("writer_id", "kind")
    )
    policy = WriterPolicy.of(actor.website)
    at = clock.now()
    return [
        WriterCard(
            id=row.pk,
            pen_name=row.pen_name,
            bio=row.bio,
            level=row.level,
            level_name=policy.level(row.level).name,
            rating=stars(row.rating_milli),
            completed_orders=row.completed_orders,
            subjects=skills.get((row.pk, SkillKind.SUBJECT), []),
            paper_types=skills.get((row.pk, SkillKind.PAPER_TYPE), []),
            available=row.refusal(at) is None,
            choice=choices.get(row.pk),
        )
        for row in writers
    ]


def rows(website: Website, writers: Sequence[Writer]) -> list[WriterRow]:
    """For staff; `writers` come with `member` and its `user`. Two queries, whatever the number of rows."""
    skills = _skills(website, writers)
    policy = WriterPolicy.of(website)
    return [
        WriterRow(
            **_profile(row, skills),
            number=row.member.number,
            full_name=row.member.user.full_name,
            email=row.member.user.email,
            level=row.level,
            level_name=policy.level(row.level).name,
        )
        for row in writers
    ]


def detail(actor: Actor, writer: Writer) -> WriterDetail:
    """For staff. Two queries beside those of the member and its user."""
    return WriterDetail(rows(actor.website, [writer])[0], Writer.LIFECYCLE.available(writer, actor))


def own_profile(actor: Actor, writer: Writer) -> OwnProfile:
    """Two queries."""
    return OwnProfile(
        **_profile(writer, _skills(actor.website, [writer])),
        level=level_row(actor.website, WriterPolicy.of(actor.website).level(writer.level)),
        available_actions=Writer.LIFECYCLE.available(writer, actor),
    )


def level_row(website: Website, level: Level) -> LevelRow:
    return LevelRow(
        code=level.code,
        name=level.name,
        rank=level.rank,
        max_open_requests=level.max_open_requests,
        max_active_orders=level.max_active_orders,
        can_take=level.can_take,
        pay_share_bps=level.pay_share_bps,
        pay_per_page=None if level.pay_per_page_minor is None else to_decimal(level.pay_per_page_minor),
        currency=website.currency,
        tip_share_bps=level.tip_share_bps,
    )


def calendar_feed_rows(feeds: Sequence[CalendarFeed]) -> list[CalendarFeedRow]:
    return [CalendarFeedRow(row.pk, row.name, row.created_at, row.rotated_at, None) for row in feeds]


def calendar_feed_owner(secret: str) -> Actor | None:
    """The writer whose feed `secret` opens, in its website; null for one that is unknown or revoked, whose writer is
    suspended as a member, or whose website is no more. One query, of any website: it asks the database's own function,
    because no policy lets the row be seen before the website is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM resolve_calendar_feed(%s::bytea)", [digest(secret)])
        row = cursor.fetchone()
    if row is None:
        return None
    writer_id, user_id, *columns = row
    names = ("id", "slug", "name", "domain", "status", "currency", "timezone")
    website = Website(**dict(zip(names, columns, strict=True)))
    return Actor(website, Role.WRITER, user_id=user_id, membership_id=writer_id)


def stars(rating_milli: int | None) -> float | None:
    return None if rating_milli is None else rating_milli / STARS_MILLI


def pen_names(website: Website, writer_ids: Iterable[int]) -> dict[int, str]:
    """By writer; one query. How a client, and a list for staff, call a writer."""
    return dict(Writer.objects.of(website).filter(pk__in=set(writer_ids)).values_list("pk", "pen_name"))


def rating_weight(age_days: float) -> float:
    """How much a review of that age counts: half as much every 180 days."""
    return float(2 ** (-age_days / HALF_LIFE_DAYS))


def bayes_rating(mean: float, weighted: Iterable[tuple[float, float]]) -> float:
    """(10·m + Σ w·r) ÷ (10 + Σ w) over `weighted` pairs (w, r); `mean` is the website's mean rating."""
    total, weight = PRIOR_WEIGHT * mean, float(PRIOR_WEIGHT)
    for each_weight, rating in weighted:
        total += each_weight * rating
        weight += each_weight
    return total / weight


def mean_rating(website: Website | int) -> float | None:
    """Of the website's rated writers, in stars; null where none is rated. One query."""
    mean = Writer.objects.of(website).admitted().aggregate(mean=Avg("rating_milli"))["mean"]
    return None if mean is None else float(mean) / STARS_MILLI


def has_blocked(website: Website, *, client_id: int, writer_id: int) -> bool:
    """One query."""
    chosen = Choice.objects.of(website).filter(client_id=client_id, writer_id=writer_id, kind=ChoiceKind.BLOCK)
    return chosen.exists()


def _profile(writer: Writer, skills: Mapping[tuple[int, str], list[str]]) -> dict[str, Any]:
    """The fields of WriterProfile."""
    return {
        "id": writer.pk,
        "rating": stars(writer.rating_milli),
        "subjects": skills.get((writer.pk, SkillKind.SUBJECT), []),
        "paper_types": skills.get((writer.pk, SkillKind.PAPER_TYPE), []),
        **{name: getattr(writer, name) for name in COLUMNS},
    }


def _skills(website: Website, writers: Sequence[Writer]) -> dict[tuple[int, str], list[str]]:
    """Codes in alphabetical order, by (writer, kind)."""
    found: dict[tuple[int, str], list[str]] = {}
    skills = Skill.objects.of(website).filter(writer__in=[row.pk for row in writers]).order_by("code")
    for writer_id, kind, code in skills.values_list("writer_id", "kind", "code"):
        found.setdefault((writer_id, kind), []).append(code)
    return found
