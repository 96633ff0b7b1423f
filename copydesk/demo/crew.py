"""The people of one website as the play knows them, and which writer may have an order."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.orders.models import ASSIGNED, WRITING
from copydesk.writers.models import WriterStatus
from copydesk.writers.policies import Level, WriterPolicy

from .copy import Row
from .stage import Case, Stage

LEVELS = WriterPolicy()
TRIES = 25
NAMED_CLIENTS = ("client", "client2")


@dataclass(slots=True, eq=False)
class Member:
    """`profile` is a writer's, an editor's or an agent's; `skills` are a writer's or an editor's; `cases` and the
    count a writer's; `chosen` are whom a client prefers and blocks."""

    row: Row
    actor: Actor
    profile: Row | None = None
    skills: frozenset[tuple[str, str]] = frozenset()
    requests: list[Row] = field(default_factory=list)
    cases: dict[int, Case] = field(default_factory=dict)
    ratings: dict[int, tuple[float, dt.datetime]] = field(default_factory=dict)
    chosen: dict[int, Row] = field(default_factory=dict)
    tasks: list[Row] = field(default_factory=list)
    """An editor's, as far as they may still be open."""

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def writer(self) -> Row:
        assert self.profile is not None
        return self.profile


@dataclass(slots=True)
class Written:
    """What the database would be asked for about reviews: who wrote when, whose order is completed, the low ones of
    each subject, all by their fragments, reports that are open, the last rejections."""

    times: defaultdict[int, list[dt.datetime]] = field(default_factory=lambda: defaultdict(list))
    completed: set[int] = field(default_factory=set)
    low: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    alike: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    reports: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    rejections: dict[int, Row] = field(default_factory=dict)


@dataclass(slots=True)
class Crew:
    """Whoever has joined so far. `named` are the accounts that a visitor logs in with; `regulars`: they have a good
    part of all orders, as they have not where a website is large."""

    regulars: bool = True

    clients: list[Member] = field(default_factory=list)
    writers: list[Member] = field(default_factory=list)
    staff: dict[str, Member] = field(default_factory=dict)
    named: dict[str, Member] = field(default_factory=dict)
    by_id: dict[int, Member] = field(default_factory=dict)
    stars: int = 0
    reviews: int = 0
    rated_nightly: bool = False
    written: Written = field(default_factory=Written)

    def everybody(self) -> Iterator[Member]:
        yield from self.by_id.values()

    def desk(self, chance: random.Random) -> Actor:
        """Somebody of support, more rarely an admin."""
        return self.staff[chance.choice(("support", "support", "support2", "admin"))].actor

    @property
    def editors(self) -> list[Member]:
        return [member for member in self.staff.values() if member.actor.role is Role.EDITOR]

    @property
    def agents(self) -> list[Member]:
        return [member for member in self.staff.values() if member.actor.role is Role.SUPPORT]

    def some_client(self, chance: random.Random) -> Member:
        """The named ones often; of the others those who have long been there more than the new ones."""
        draw = chance.random()
        if not self.regulars:
            others = len(self.clients) - len(NAMED_CLIENTS)
            return self.clients[len(NAMED_CLIENTS) + int(others * draw**1.6)] if others > 0 else self.clients[0]
        if draw < 0.08 and "client" in self.named:
            return self.named["client"]
        if draw < 0.12 and "client2" in self.named:
            return self.named["client2"]
        return self.clients[int(len(self.clients) * chance.random() ** 1.6)]

    def some_writer(self, stage: Stage, case: Case, chance: random.Random, *, taking: bool = False) -> Member | None:
        """One who may have the order, rather one who knows its subject."""
        client = self.by_id[case.order.client_id]
        second: Member | None = None
        for _ in range(TRIES):
            named = (
                chance.random() < 0.2
                and self.regulars
                and [self.named[name] for name in ("writer", "writer2", "writer3") if name in self.named]
            )
            writer = chance.choice(named or self.writers)
            if excluded(stage, case, writer, client) or (taking and not level_of(writer).can_take):
                continue
            if ("subject", case.order.subject) in writer.skills:
                return writer
            second = second or writer
        return second


def level_of(writer: Member) -> Level:
    return LEVELS.level(writer.writer.level)


def excluded(stage: Stage, case: Case, writer: Member, client: Member) -> bool:
    """Mirrors copydesk/orders/queries/match.py."""
    order, profile = case.order, writer.writer
    if (
        profile.status in (WriterStatus.APPLIED, WriterStatus.REJECTED)
        or level_of(writer).academic_rank < order.level_rank
        or (profile.suspended_until is not None and profile.suspended_until > stage.now)
        or (profile.leave_from is not None and profile.leave_from <= stage.now < profile.leave_until)
        or (writer.id in client.chosen and client.chosen[writer.id].kind == "block")
        or _declined(case, writer.id)
    ):
        return True
    active = 0
    for each in writer.cases.values():
        row = each.order
        if row.status in ASSIGNED and row.writer_id == writer.id:
            active += 1
            if row.status in WRITING and row.writer_due_at <= stage.now:
                return True
    return active >= level_of(writer).max_active_orders


def _declined(case: Case, writer_id: int) -> bool:
    return any(row.writer_id == writer_id and row.outcome == "declined" for row in case.offers) or any(
        row.writer_id == writer_id and row.outcome == "released" and row.cause == "writer" for row in case.assignments
    )


STAFF: tuple[tuple[str, Role], ...] = (
    ("admin", Role.ADMIN),
    ("admin2", Role.ADMIN),
    ("support", Role.SUPPORT),
    ("support2", Role.SUPPORT),
    ("editor", Role.EDITOR),
    ("editor2", Role.EDITOR),
)
