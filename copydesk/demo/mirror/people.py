"""Mirrors copydesk/platform/actions.py and copydesk/writers/actions.py: members join, writers work and pause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from allauth.account.models import EmailAddress

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Role
from copydesk.journal.models import details
from copydesk.writers.models import Choice, ChoiceKind, Skill, Writer, WriterStatus

from ..copy import Row
from ..crew import LEVELS, Member
from ..stage import Stage, step


def open_account(stage: Stage, email: str, full_name: str, password: str) -> int:
    user = stage.loader.sheets[User].make(email=email, full_name=full_name, password=password, created_at=stage.now)
    stage.loader.send(user)
    address = stage.loader.sheets[EmailAddress].make(user_id=user.id, email=email, primary=True, verified=True)
    stage.loader.send(address)
    return int(user.id)


def add_member(stage: Stage, user_id: int, role: Role, *, admitted: bool = True) -> Member:
    row = stage.make(
        Membership,
        user_id=user_id,
        role=role.value,
        number=len(stage.crew.by_id) + 1,
        admitted=admitted,
        created_at=stage.now,
    )
    actor = Actor(stage.website, role, user_id=user_id, membership_id=row.id, admitted=admitted)
    member = Member(row, actor)
    stage.crew.by_id[row.id] = member
    return member


@step
def register_client(stage: Stage, *, email: str, full_name: str, password: str) -> Member:
    user_id = open_account(stage, email, full_name, password)
    member = add_member(stage, user_id, Role.CLIENT)
    stage.record("member.register", member.row, by=member.actor)
    stage.crew.clients.append(member)
    return member


@step
def employ(stage: Stage, *, name: str, role: Role, email: str, full_name: str, password: str) -> Member:
    """Staff, who are there from the first day."""
    user_id = open_account(stage, email, full_name, password)
    member = stage.crew.staff[name] = add_member(stage, user_id, role)
    return member


@step
def apply(
    stage: Stage,
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
    member = add_member(stage, user_id, Role.WRITER, admitted=False)
    stage.record("member.register", member.row, by=member.actor)
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
def approve_writer(stage: Stage, profile: Row, *, by: Actor, level: str) -> None:
    stage.advance(profile, "approve", by=by, data=details(level=level), level=level)
    member = stage.member(profile.id)
    member.row.admitted = True
    member.actor = replace(member.actor, admitted=True)
    stage.crew.writers.append(member)


@step
def reject_writer(stage: Stage, profile: Row, *, by: Actor, reason: str) -> None:
    stage.advance(profile, "reject", by=by, reason=reason)


@step
def change_level(stage: Stage, profile: Row, *, by: Actor, level: str, reason: str) -> None:
    was = profile.level
    stage.change(profile, level=level)
    stage.record("writer.change_level", profile, by=by, reason=reason, data=details(was=was, level=level))


@step
def take_leave(stage: Stage, profile: Row, *, by: Actor, until: dt.datetime, reason: str) -> None:
    data = details(leave_from=stage.now.isoformat(), leave_until=until.isoformat())
    stage.advance(profile, "leave", by=by, reason=reason, data=data, leave_from=stage.now, leave_until=until)


@step
def suspend_writer(stage: Stage, profile: Row, *, by: Actor, until: dt.datetime, reason: str) -> None:
    data = details(suspended_until=until.isoformat())
    stage.advance(profile, "suspend", by=by, reason=reason, data=data, suspended_until=until)


@step
def turn_clock(stage: Stage, profile: Row) -> None:
    """Ends the leave or the suspension whose time has come."""
    if profile.status == WriterStatus.SUSPENDED:
        stage.advance(profile, "lift", by=stage.system, to=WriterStatus.APPROVED.value, suspended_until=None)
    else:
        stage.advance(profile, "end_leave", by=stage.system, leave_from=None, leave_until=None)


@step
def choose_writer(stage: Stage, profile: Row, kind: ChoiceKind, *, by: Actor) -> None:
    client = stage.member(by.membership_id)
    client.chosen[profile.id] = stage.send(
        Choice, client_id=client.id, writer_id=profile.id, kind=kind.value, created_at=stage.now
    )
    stage.record(f"writer.{kind.value}", profile, by=by, parties=(client.id, None))
