"""Mirrors copydesk/notifications/actions.py: who is told of an event. Reading is drawn by chance."""

from __future__ import annotations

import datetime as dt

import orjson

from copydesk.accounts.permissions import STAFF, Role
from copydesk.notifications.models import Notification
from copydesk.notifications.queries import default
from copydesk.notifications.reactions import ASSIGNEE, HEARS, Tell
from copydesk.orders.models import Order
from copydesk.tickets.models import Ticket

from ..copy import Row
from ..crew import Member
from ..stage import Stage

SLOWEST_READING = dt.timedelta(hours=40)


def notify(stage: Stage, event: Row) -> None:
    heard = HEARS.get(event.verb)
    if heard is None:
        return
    told: dict[int, tuple[Member, Tell]] = {}
    for tell in heard.tells:
        if tell.after in ("", event.after):
            told.update((member.id, (member, tell)) for member in _meant(stage, event, tell))
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


def _meant(stage: Stage, event: Row, tell: Tell) -> list[Member]:
    """But for whoever acted, and who is barred."""
    crew = stage.crew
    member_id = _named(stage, event, tell)
    if member_id:
        members = [crew.by_id[member_id]]
    elif tell.role in STAFF and (not tell.named or (tell.named == ASSIGNEE and event.role not in STAFF)):
        members = [member for member in crew.staff.values() if member.actor.role is tell.role]
    else:
        members = []
    return [member for member in members if member.id != event.member_id and member.row.status == "active"]


def _named(stage: Stage, event: Row, tell: Tell) -> int | None:
    if tell.named == ASSIGNEE and event.root_type == Ticket.noun:
        return stage.tickets[event.root_id].ticket.assignee_id  # type: ignore[no-any-return]
    if tell.named or tell.role is Role.EDITOR:
        return orjson.loads(event.data).get(tell.named or "editor_id")  # type: ignore[no-any-return]
    return {Role.CLIENT: event.client_id, Role.WRITER: event.writer_id}.get(tell.role)


def _name(stage: Stage, event: Row) -> str:
    number = event.root_id
    if event.root_type == Order.noun:
        number = stage.cases[number].order.number
    elif event.root_type == Ticket.noun:
        number = stage.tickets[number].ticket.number
    return f"{event.root_type.replace('_', ' ').capitalize()} {number}"


def _read_at(stage: Stage, told_at: dt.datetime) -> dt.datetime | None:
    read_at = (told_at + SLOWEST_READING * stage.draw.random()).replace(microsecond=0)
    return read_at if read_at <= stage.end else None
