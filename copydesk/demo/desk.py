"""What the desk does beside tickets: it keeps its texts and shifts, and asks for measures against members."""

from __future__ import annotations

import datetime as dt

from copydesk.tickets.models import AccountEscalation, AccountEscalationStatus, Measure
from copydesk.writers.models import WriterStatus

from . import texts
from .crew import Member
from .deeds import swept
from .mirror import desk, people
from .stage import Life, Stage

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SHIFT = 8 * HOUR
LIFTED_EVERY = 5
"""Minutes between the jobs that end writers' suspensions."""


def desk_prepared(stage: Stage, *, capacity: int) -> Life:
    yield stage.now + DAY
    staff, admin = stage.crew.staff, stage.crew.staff["admin"].actor
    for index, agent in enumerate(stage.crew.agents):
        desk.keep_profile(stage, agent, by=admin, capacity=capacity - 5 * (index % 3))
    desk.keep_profile(stage, staff["admin2"], by=staff["admin2"].actor, capacity=10, available=False)
    for title, body, category in texts.CANNED:
        active = "old" not in title
        desk.write_canned_reply(stage, by=admin, title=title, body=body, category=category, active=active)
    for position, (question, answer, category, published) in enumerate(texts.FAQS, start=1):
        by = staff["support"].actor
        desk.write_faq(
            stage,
            by=by,
            question=question,
            answer=answer,
            category=category,
            position=position,
            is_published=published,
        )


def shifts_planned(stage: Stage) -> Life:
    """For a week back and one ahead; of each day one that covers the hour of the end."""
    yield stage.end - 8 * DAY
    admin = stage.crew.staff["admin"].actor
    for day in range(-7, 8):
        for index, agent in enumerate(stage.crew.agents):
            begins = stage.end + day * DAY - HOUR * (1 + index % 3)
            desk.plan_shift(stage, agent, begins, begins + SHIFT, by=admin)


def measures_asked(stage: Stage, many: int) -> Life:
    """Against writers, whose own clock ends a suspension, and probations of clients."""
    start = stage.now + 40 * DAY
    span = stage.end - start
    for index in range(many):
        chance = stage.chance("measure", index)
        yield start + span * 0.9 * (index + chance.random()) / many
        member = chance.choice(stage.crew.clients if index % 3 == 1 else stage.crew.writers)
        if member not in stage.crew.named.values() and not undecided(stage, member):
            stage.begin(measured(stage, member, index))


def undecided(stage: Stage, member: Member) -> bool:
    measures = (row for row in stage.desk if row.noun == AccountEscalation.noun)
    return any(row.member_id == member.id and row.decided_at is None for row in measures)


def measured(stage: Stage, member: Member, index: int) -> Life:
    """Asked for by one, acknowledged, decided by another; over by the clock."""
    chance = stage.chance("measured", index)
    one, other, admin = (stage.crew.staff[name].actor for name in ("support", "support2", "admin"))
    writes = member.profile is not None
    measure = Measure.SUSPEND if writes and index % 2 == 0 else Measure.PROBATION
    until = stage.now + DAY * chance.randint(5, 20)
    reason = chance.choice(texts.MEASURE_REASONS)
    row = desk.request_measure(stage, member, measure, by=one, reason=reason, until=until)
    yield stage.now + HOUR * chance.uniform(0.5, 6)
    if chance.random() < 0.6:
        desk.acknowledge_measure(stage, row, by=other)
    yield stage.now + HOUR * chance.uniform(1, 40)
    barred = writes and member.writer.status != WriterStatus.APPROVED
    if barred or chance.random() < 0.25:
        desk.reject_measure(stage, row, by=admin, reason=chance.choice(texts.MEASURE_REFUSED))
        return
    desk.approve_measure(stage, row, by=admin)
    yield swept(until, 1)
    if row.status == AccountEscalationStatus.APPROVED:
        desk.lift_measure(stage, row, by=stage.system)
    if measure == Measure.SUSPEND:
        yield swept(until, LIFTED_EVERY)
        people.turn_clock(stage, member.writer)
