"""Mirrors copydesk/platform/actions.py and copydesk/writers/actions.py: members join, writers work and pause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from allauth.account.models import EmailAddress

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Role
from copydesk.journal.models import details
from copydesk.writers.models import Choice, ChoiceKind, Skill, Writer, WriterStatus

from ..crew import LEVELS, Crew, Member
from ..stage import Stage, step


def open_account(stage: Stage, email: str, full_name: str, password: str) -> int:
    user = stage.loader.sheets[User].make(email=email, full_name=full_name, password=password, created_at=stage.now)
    stage.loader.send(user)
    address = stage.loader.sheets[EmailAddress].make(user_id=user.id, email=email, primary=True, verified=True)
    stage.loader.send(address)
    return int(user.id)


def add_member(stage: Stage, crew: Crew, user_id: int, role: Role, *, admitted: bool = True) -> Member:
    row = stage.make(
        Membership,
        user_id=user_id,
        role=role.value,
        number=len(crew.by_id) + 1,
        admitted=admitted,
        created_at=stage.now,
    )
    actor = Actor(stage.website, role, user_id=user_id, membership_id=row.id, admitted=admitted)
    member = Member(row, actor)
    crew.by_id[row.id] = member
    return member


@step
def register_client(stage: Stage, crew: Crew, *, email: str, full_name: str, password: str) -> Member:
    user_id = open_account(stage, email, full_name, password)
    member = add_member(stage, crew, user_id, Role.CLIENT)
    stage.record("member.register", member.row, by=member.actor, parties=(member.id, None))
    crew.clients.append(member)
    return member


@step
def employ(stage: Stage, crew: Crew, *, name: str, role: Role, email: str, full_name: str, password: str) -> None:
    """Staff, who are there from the first day."""
    user_id = open_account(stage, email, full_name, password)
    crew.staff[name] = add_member(stage, crew, user_id, role)


@step
def apply(
    stage: Stage,
    crew: Crew,
    *,
    email: str,
    full_name: str,
    password: str,
    pen_name: str,
    bio: str,
    subjects: Sequence[str],
    paper_types: Sequence[str],
) -> Member:
    user_id = open_account(stage, email, full_name, password)
    member = add_member(stage, crew, user_id, Role.WRITER, admitted=False)
    stage.record("member.register", member.row, by=member.actor, parties=(None, member.id))
    member.profile = stage.make(
        Writer,
        member_id=member.id,
        pen_name=pen_name,
        bio=bio,
        level=LEVELS.entry.code,
        status=WriterStatus.APPLIED.value,
        applied_at=stage.now,
    )
    skills = [
        *(("subject", code) for code in sorted(subjects)),
        *(("paper_type", code) for code in sorted(paper_types)),
    ]
    for kind, code in skills:
        stage.send(Skill, writer_id=member.id, kind=kind, code=code)
    member.skills = frozenset(skills)
    stage.record("writer.apply", member.writer, by=member.actor, after=member.writer.status)
    return member


@step
def approve_writer(stage: Stage, crew: Crew, writer: Member, *, by: Actor, level: str) -> None:
    stage.advance(writer.writer, "approve", by=by, data=details(level=level), level=level)
    writer.row.admitted = True
    writer.actor = Actor(stage.website, Role.WRITER, user_id=writer.actor.user_id, membership_id=writer.id)
    crew.writers.append(writer)


@step
def reject_writer(stage: Stage, writer: Member, *, by: Actor, reason: str) -> None:
    stage.advance(writer.writer, "reject", by=by, reason=reason)


@step
def change_level(stage: Stage, writer: Member, *, by: Actor, level: str, reason: str) -> None:
    was = writer.writer.level
    stage.change(writer.writer, level=level)
    stage.record("writer.change_level", writer.writer, by=by, reason=reason, data=details(was=was, level=level))


@step
def take_leave(stage: Stage, writer: Member, *, until: dt.datetime, reason: str) -> None:
    data = details(leave_from=stage.now.isoformat(), leave_until=until.isoformat())
    stage.advance(
        writer.writer, "leave", by=writer.actor, reason=reason, data=data, leave_from=stage.now, leave_until=until
    )


@step
def end_leave(stage: Stage, writer: Member) -> None:
    """By the clock."""
    stage.advance(writer.writer, "end_leave", by=stage.system, leave_from=None, leave_until=None)


@step
def suspend_writer(stage: Stage, writer: Member, *, by: Actor, until: dt.datetime, reason: str) -> None:
    data = details(suspended_until=until.isoformat())
    stage.advance(writer.writer, "suspend", by=by, reason=reason, data=data, suspended_until=until)


@step
def lift_suspension(stage: Stage, writer: Member) -> None:
    """By the clock."""
    stage.advance(writer.writer, "lift", by=stage.system, to=WriterStatus.APPROVED.value, suspended_until=None)


@step
def choose_writer(stage: Stage, client: Member, writer: Member, kind: ChoiceKind) -> None:
    client.chosen[writer.id] = stage.send(
        Choice, client_id=client.id, writer_id=writer.id, kind=kind.value, created_at=stage.now
    )
    stage.record(f"writer.{kind.value}", writer.writer, by=client.actor, parties=(client.id, None))
