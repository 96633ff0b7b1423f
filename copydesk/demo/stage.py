"""The play: one website's lives, in the order of time. Every life is a generator of the times of its next steps.

`record`, `change` and `advance` are those of the journal, over rows that go to COPY; tests/demo/test_replay.py holds
them to the real ones.
"""

from __future__ import annotations

import datetime as dt
import heapq
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial, wraps
from itertools import count
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from django.db import models

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import GRANTS
from copydesk.core.lifecycle import Lifecycle
from copydesk.journal.actions import SALT_BYTES, proof
from copydesk.journal.models import Event
from copydesk.journal.verbs import VERBS
from copydesk.notifications.reactions import JOBS
from copydesk.payments.models import ChargeStatus
from copydesk.tenancy.models import Website
from copydesk.tickets.clocks import Happening

from .copy import Loader, Row, dumps

if TYPE_CHECKING:
    from .crew import Crew, Member
    from .mirror.fines import Fined

RECENT = 300
"""Orders that people ask about."""

Life = Iterator[dt.datetime]
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Paid:
    """A charge, and what of it the database counts by itself."""

    charge: Row
    token: str = ""
    repaid_minor: int = 0
    transfer_id: int | None = None

    @property
    def refundable_minor(self) -> int:
        return self.charge.amount_minor - self.repaid_minor if self.charge.status == ChargeStatus.CAPTURED else 0


@dataclass(slots=True)
class Earned:
    """`lowered` by refunds, `reduced` otherwise."""

    row: Row
    transfer_id: int
    lowered_minor: int = 0
    reduced_minor: int = 0
    times: int = 1

    @property
    def left_minor(self) -> int:
        return int(self.row.amount_minor - self.lowered_minor - self.reduced_minor)


@dataclass(frozen=True, slots=True)
class Planned:
    """A repayment, and what it is of."""

    paid: Paid
    repayment: Row


@dataclass(slots=True)
class Case:
    """All that there is of one order, kept until nothing more can happen to it. `pay` of each writer who has earned it;
    `completed`: assignments that were; `refunds` by id, with what each is made of; `statements`: how many there are in
    each dispute; `rejected`: (editing task, editor); `hold`: the last of its earnings."""

    order: Row
    lines: list[Row] = field(default_factory=list)
    charges: list[Paid] = field(default_factory=list)
    repayments: list[Row] = field(default_factory=list)
    pay: dict[int, Earned] = field(default_factory=dict)
    offers: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    completed: set[int] = field(default_factory=set)
    refunds: dict[int, tuple[Row, list[Planned]]] = field(default_factory=dict)
    disputes: list[Row] = field(default_factory=list)
    stages: list[Row] = field(default_factory=list)
    statements: dict[int, int] = field(default_factory=dict)
    hold: Row | None = None
    rounds: list[Row] = field(default_factory=list)
    excuses: list[Row] = field(default_factory=list)
    adjustments: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    edited: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    rejected: set[tuple[int, int]] = field(default_factory=set)
    thread: Row | None = None
    last_message: Row | None = None
    read_marks: dict[int, Row] = field(default_factory=dict)

    @property
    def round(self) -> Row | None:
        """The one that is being worked on."""
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.submitted_at is None and last.closed_at is None else None

    @property
    def task(self) -> Row | None:
        """Of editing, the open one."""
        last = self.tasks[-1] if self.tasks else None
        return last if last and last.status != "closed" else None

    @property
    def assignment(self) -> Row:
        return self.assignments[-1]

    def rows(self) -> Iterator[Row]:
        yield self.order
        for paid in self.charges:
            yield paid.charge
        for rows in (
            self.adjustments,
            self.lines,
            self.requests,
            self.offers,
            self.assignments,
            self.rounds,
            self.excuses,
            self.repayments,
            self.files,
            self.disputes,
            self.stages,
            self.tasks,
            self.edited,
            self.changes,
            self.read_marks.values(),
        ):
            yield from rows
        for refund, _ in self.refunds.values():
            yield refund


@dataclass(slots=True)
class Enquiry:
    """All that there is of one ticket, kept until nothing more can happen to it. `happened`: what its clocks fold;
    `absorbed`: others were merged into it."""

    ticket: Row
    absorbed: bool = False
    happened: list[Happening] = field(default_factory=list)
    clocks: dict[tuple[str, int], Row] = field(default_factory=dict)
    escalations: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        yield self.ticket
        for rows in (self.clocks.values(), self.escalations, self.files):
            yield from rows


@dataclass(slots=True)
class Books:
    """What is known of the ledger: accounts by (kind, owner, name), wallets' balances, earnings not paid out. `held`:
    orders in dispute, fines that are appealed; `paying`: earnings of the payout that is being paid."""

    accounts: dict[tuple[str, int | None, str], Row] = field(default_factory=dict)
    wallets: dict[int, int] = field(default_factory=dict)
    earnings: list[Row] = field(default_factory=list)
    held: set[int | tuple[str, int]] = field(default_factory=set)
    fines: dict[int, Fined] = field(default_factory=dict)
    paying: set[int] = field(default_factory=set)


class Stage:
    """One website being played until `end`. `now` is its clock; `script`, where wanted, takes down every step."""

    def __init__(
        self,
        loader: Loader,
        website: Website,
        crew: Crew,
        *,
        seed: str,
        end: dt.datetime,
        script: list[Step] | None = None,
    ) -> None:
        self.loader = loader
        self.website = website
        self.seed = seed
        self.end = end
        self.now = website.created_at
        self.system = Actor.system(website)
        self.script = script
        self._heap: list[tuple[dt.datetime, int, Life]] = []
        self._order = count()
        self.draw = self.chance("stage")
        self.crew = crew
        self.notify: Callable[[Row], None]
        self.fined: Callable[[Row], None]
        self.reactions: dict[str, Callable[[Row], None]] = {}
        self.inside = 0
        self.jobs: list[Callable[[], object]] = []
        self.books = Books()
        self.cases: dict[int, Case] = {}
        self.recent: deque[Row] = deque(maxlen=RECENT)
        self.tickets: dict[int, Enquiry] = {}
        self.desk: list[Row] = []
        self.contents: dict[str, bytes] = {}

    def chance(self, *of: object) -> random.Random:
        """Chances of its own for everything that is named, so that one life does not move another's."""
        return random.Random(":".join(map(str, (self.seed, self.website.slug, *of))))  # noqa: S311

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.draw.getrandbits(128), version=4)

    def begin(self, life: Life) -> None:
        self._heap_push(life, self.now)

    def play(self) -> None:
        """Until the end: what would happen later has not happened."""
        while self._heap and self._heap[0][0] <= self.end:
            self.now, _, life = heapq.heappop(self._heap)
            self._heap_push(life, self.now)
            self.loader.relax()
        for case in list(self.cases.values()):
            self.close(case)
        for ticket_id in list(self.tickets):
            self.close_ticket(ticket_id)
        for row in self.desk:
            self.loader.send(row)
        for fined in self.books.fines.values():
            for row in filter(None, (fined.row, fined.appeal, fined.hold)):
                self.loader.send(row)

    def _heap_push(self, life: Life, earliest: dt.datetime) -> None:
        at = next(life, None)
        if at is not None:
            heapq.heappush(self._heap, (max(at, earliest).replace(microsecond=0), next(self._order), life))

    def run_jobs(self) -> None:
        """What a step has queued happens when it is through."""
        while self.jobs and not self.inside:
            self.jobs.pop(0)()

    def member(self, member_id: int | None) -> Member:
        assert member_id is not None
        return self.crew.by_id[member_id]

    def close(self, case: Case) -> None:
        """Nothing more happens to it: its rows are sent."""
        self.settle(case)
        self.loader.send(self.cases.pop(case.order.id).order)

    def settle(self, case: Case) -> Case:
        """Nothing more happens but to its order: all other rows are sent, and forgotten."""
        for row in case.rows():
            if row is not case.order:
                self.loader.send(row)
        self.cases[case.order.id] = Case(case.order)
        return self.cases[case.order.id]

    def close_ticket(self, ticket_id: int) -> None:
        for row in self.tickets.pop(ticket_id).rows():
            self.loader.send(row)

    def make(self, model: type[models.Model], **values: Any) -> Row:
        """A row of this website, to be sent when it will not change any more."""
        return self.loader.sheets[model].make(website_id=self.website.pk, **values)

    def send(self, model: type[models.Model], **values: Any) -> Row:
        row = self.make(model, **values)
        self.loader.send(row)
        return row

    def record(
        self,
        verb: str,
        row: Row,
        *,
        by: Actor,
        before: str = "",
        after: str = "",
        reason: str = "",
        data: dict[str, Any] | None = None,
        parties: tuple[int | None, int | None] | None = None,
    ) -> Row:
        assert VERBS[verb]
        client_id, writer_id = parties or row.parties
        root_type, root_id = row.root
        salt = self.draw.randbytes(SALT_BYTES) if reason else None
        event = self.send(
            Event,
            at=self.now,
            user_id=by.user_id,
            member_id=by.membership_id,
            role=by.role.value,
            verb=verb,
            subject_type=row.noun,
            subject_id=row.id,
            root_type=root_type,
            root_id=root_id,
            client_id=client_id,
            writer_id=writer_id,
            before=before,
            after=after,
            data=dumps(data) if data else "{}",
            request_id=by.request_id,
            reason=reason or None,
            salt=salt,
            digest=proof(reason or None, None, salt),
        )
        for name in JOBS.get(verb, ()):
            if name in self.reactions:
                self.jobs.append(partial(self.reactions[name], event))
        self.jobs.append(partial(self.notify, event))
        return event

    def change(self, row: Row, **values: Any) -> Row:
        vars(row).update(values)
        row.version += 1
        return row

    def advance(
        self,
        row: Row,
        name: str,
        *,
        by: Actor,
        to: str | None = None,
        reason: str = "",
        data: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Row:
        noun = row.noun
        lifecycle: Lifecycle = row.sheet.model.LIFECYCLE  # type: ignore[attr-defined]
        step = lifecycle[name]
        assert row.status in step.sources, f"{noun}.{name} from {row.status}"
        assert step.can in GRANTS[by.role], f"{noun}.{name} by {by.role}"
        before = row.status
        target = before if step.stays else step.target or to
        assert target is not None
        client_id, writer_id = row.parties
        if step.stamp:
            changes[step.stamp] = self.now
        self.change(row, status=str(target), **changes)
        now_client_id, now_writer_id = row.parties
        return self.record(
            f"{noun}.{name}",
            row,
            by=by,
            before=str(before),
            after=row.status,
            reason=reason,
            data=data,
            parties=(now_client_id or client_id, now_writer_id or writer_id),
        )


@dataclass(slots=True)
class Step:
    """One call of an action and what it gave, for the replay."""

    at: dt.datetime
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any = None


def step(function: Callable[Concatenate[Stage, P], R]) -> Callable[Concatenate[Stage, P], R]:
    """Marks the mirror of an action: the outermost call is taken down in the script, and ends with its jobs."""

    @wraps(function)
    def call(stage: Stage, /, *args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not stage.inside
        stage.inside += 1
        result = function(stage, *args, **kwargs)
        stage.inside -= 1
        if outermost and stage.script is not None:
            stage.script.append(Step(stage.now, function.__name__, args, kwargs, result))
        stage.run_jobs()
        return result

    return call
