"""Telling, reading, choosing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import STAFF, Role
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Website

from . import queries
from .errors import NoMember
from .models import Group, Notification, Preference
from .reactions import ASSIGNEE, HEARS, Tell

TEXT = """{title}.

See it at {link}

Which mails you get is yours to choose, in your settings at {website}."""


@dataclass(frozen=True, slots=True)
class Choice:
    group: str
    in_app: bool
    email: bool


def notify(website: Website, event: Event) -> list[Notification]:
    """Tells everybody whom reactions.py names, but for whoever acted, and queues the mails. Told once, however often it
    runs. Six queries and one for each mail."""
    heard = HEARS[event.verb]
    told = _audience(website, event, heard.tells)
    if not told:
        return []
    known = set(Notification.objects.of(website).filter(event_id=event.pk).values_list("member_id", flat=True))
    what = queries.name_of(website.pk, event.root_type, event.root_id)
    chosen = queries.channels_of(website.pk, (member.pk for member in told))
    made = []
    for member, tell in told.items():
        channels = chosen.get((member.pk, heard.group)) or queries.default(Role(member.role))
        if member.pk in known or not (channels.in_app or channels.email):
            continue
        row = Notification(
            website=website,
            event_id=event.pk,
            member=member,
            verb=event.verb,
            title=tell.text.format(what=what),
            root_type=event.root_type,
            root_id=event.root_id,
            shown=channels.in_app,
            created_at=event.at,
        )
        made.append((row, channels.email))
    rows = Notification.objects.of(website).bulk_create(row for row, _ in made)
    for row, by_mail in made:
        if by_mail:
            defer("notifications.mail", website.pk, notification_id=row.pk)
    return rows


def _audience(website: Website, event: Event, tells: Iterable[Tell]) -> Mapping[Membership, Tell]:
    """Active members, each with the words meant for it; of several the last."""
    wanted = [tell for tell in tells if tell.after in ("", event.after)]
    names = queries.named_in(website.pk, event)
    parties = {Role.CLIENT: event.client_id, Role.WRITER: event.writer_id, Role.EDITOR: names.get("editor_id")}
    whom = {tell: names.get(tell.named) if tell.named else parties.get(tell.role) for tell in wanted}
    to_all = {tell for tell in wanted if tell.role in STAFF and whom[tell] is None and _for_all(tell, event)}
    members = Membership.objects.of(website).filter(status=MembershipStatus.ACTIVE, user__is_active=True)
    members = members.exclude(pk=event.member_id or 0)
    named = members.filter(pk__in=[pk for pk in whom.values() if pk is not None])
    found = (named | members.filter(role__in=[tell.role for tell in to_all])).order_by("pk")
    audience = {}
    for tell in wanted:
        for member in found:
            if member.role == tell.role if tell in to_all else member.pk == whom[tell]:
                audience[member] = tell
    return audience


def _for_all(tell: Tell, event: Event) -> bool:
    return not tell.named or (tell.named == ASSIGNEE and event.role not in STAFF)


def mail(website: Website, notification_id: int) -> None:
    """Sends it once; a process killed right after sending may do so again. Opens its own transactions."""
    with transaction.atomic():
        rows = Notification.objects.of(website).select_related("member__user")
        notification = rows.filter(pk=notification_id, mailed_at=None).first()
    if notification is None:
        return
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    host = f"https://{website.domain}" if website.domain else settings.FRONTEND_URL
    link = f"{host}/notifications/{notification.pk}"
    EmailMessage(
        subject=f"{website.name}: {notification.title}",
        body=TEXT.format(title=notification.title, link=link, website=website.name),
        from_email=formataddr((website.name, address)),
        to=[notification.member.user.email],
    ).send()
    with transaction.atomic():
        Notification.objects.of(website).filter(pk=notification_id).update(mailed_at=clock.now())


def read(notification: Notification) -> Notification:
    """No event: who has read what is no change of anything."""
    if notification.read_at is None:
        notification.read_at = clock.now()
        notification.save(update_fields=["read_at"])
    return notification


def read_all(*, by: Actor) -> int:
    """How many there were."""
    return Notification.objects.visible_to(by).unread().update(read_at=clock.now())


def choose(choices: Iterable[Choice], *, by: Actor) -> None:
    """Replaces all of a member's preferences; groups that are not named go back to the default."""
    if by.membership_id is None:
        raise NoMember
    Membership.objects.of(by.website).filter(pk=by.membership_id).lock().get()
    Preference.objects.of(by.website).filter(member_id=by.membership_id).delete()
    fallback = queries.default(by.role)
    for choice in choices:
        if (choice.in_app, choice.email) != (fallback.in_app, fallback.email):
            Preference.objects.of(by.website).create(
                member_id=by.membership_id, group=Group(choice.group), in_app=choice.in_app, email=choice.email
            )
