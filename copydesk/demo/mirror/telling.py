"""Mirrors copydesk/notifications/actions.py: who is told of an event. Reading is drawn by chance."""

from __future__ import annotations

import datetime as dt

import orjson

from copydesk.accounts.permissions import Role
from copydesk.notifications.models import Notification
from copydesk.notifications.queries import default
from copydesk.notifications.reactions import HEARS, Tell

from ..copy import Row
from ..crew import Crew, Member
from ..stage import Stage

SLOWEST_READING = dt.timedelta(hours=40)


def notify(stage: Stage, event: Row) -> None:
    heard = HEARS.get(event.verb)
    if heard is None:
        return
    told: dict[int, tuple[Member, Tell]] = {}
    for tell in heard.tells:
        if tell.after in ("", event.after):
            told.update((member.id, (member, tell)) for member in _meant(stage.crew, event, tell.role))
    for member, tell in told.values():
        channels = default(member.actor.role)
        stage.send(
            Notification,
            event_id=event.id,
            member_id=member.id,
            verb=event.verb,
            title=tell.text.format(what=_name(stage, event)),
            root_type=event.root_type,
            root_id=event.root_id,
            shown=channels.in_app,
            created_at=event.at,
            read_at=_read_at(stage, event.at),
            mailed_at=event.at if channels.email else None,
        )


def _meant(crew: Crew, event: Row, role: Role) -> list[Member]:
    """But for whoever acted."""
    named = orjson.loads(event.data).get("editor_id") if role is Role.EDITOR else None
    parties = {Role.CLIENT: event.client_id, Role.WRITER: event.writer_id, Role.EDITOR: named}
    if role in parties:
        members = [crew.by_id[parties[role]]] if parties[role] else []
    else:
        members = [member for member in crew.staff.values() if member.actor.role is role]
    return [member for member in members if member.id != event.member_id]


def _name(stage: Stage, event: Row) -> str:
    if event.root_type == "order":
        return f"Order {stage.cases[event.root_id].order.number}"
    return f"{event.root_type.replace('_', ' ').capitalize()} {event.root_id}"


def _read_at(stage: Stage, told_at: dt.datetime) -> dt.datetime | None:
    read_at = (told_at + SLOWEST_READING * stage.draw.random()).replace(microsecond=0)
    return read_at if read_at <= stage.end else None
