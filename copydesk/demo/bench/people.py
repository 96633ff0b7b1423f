"""Who asks in the benchmark: one member of each role of the largest website; a client and a writer of the same size
whatever the world's, an editor of the website's usual one."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, Token, TokenKind, User
from copydesk.accounts.permissions import Role
from copydesk.accounts.resolve import digest
from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.writers.models import CalendarFeed

ORDERS_OF_CLIENT = 16
ORDERS_OF_WRITER = 32
A_DAY = dt.timedelta(days=1)

CLIENT = """
SELECT o.client_id FROM (
    SELECT client_id, count(*) AS n, bool_or(status = 'in_progress') AS working FROM orders_order
    WHERE website_id = %(website)s GROUP BY 1
) o
ORDER BY o.working::int
    + EXISTS (SELECT 1 FROM reviews_review r WHERE r.website_id = %(website)s AND r.client_id = o.client_id)::int
    + EXISTS (SELECT 1 FROM payments_ledgeraccount a WHERE a.owner_id = o.client_id AND a.balance_minor > 0)::int
    + EXISTS (
        SELECT 1 FROM tickets_ticket t JOIN tickets_ticketfile f ON f.ticket_id = t.id AND f.reply_id IS NOT NULL
        WHERE t.website_id = %(website)s AND t.requester_id = o.client_id
    )::int DESC,
    abs(o.n - %(wanted)s), o.client_id
LIMIT 1
"""
WRITER = """
SELECT a.writer_id FROM (
    SELECT writer_id, count(*) AS n, bool_or(ended_at IS NULL) AS working FROM orders_assignment
    WHERE website_id = %(website)s GROUP BY 1
) a
JOIN writers_writer w ON w.id = a.writer_id AND w.status = 'approved'
ORDER BY a.working::int
    + EXISTS (SELECT 1 FROM orders_request r WHERE r.writer_id = a.writer_id AND r.status = 'requested')::int
    + EXISTS (SELECT 1 FROM reviews_review v WHERE v.writer_id = a.writer_id AND v.target <> 'website')::int
    + EXISTS (SELECT 1 FROM payments_payoutstatement s WHERE s.writer_id = a.writer_id)::int
    + EXISTS (
        SELECT 1 FROM tickets_ticket t JOIN tickets_ticketfile f ON f.ticket_id = t.id AND f.reply_id IS NOT NULL
        WHERE t.website_id = %(website)s AND t.requester_id = a.writer_id
    )::int DESC,
    abs(a.n - %(wanted)s), a.writer_id
LIMIT 1
"""
EDITOR = """
WITH e AS (
    SELECT editor_id, count(*) AS n FROM editing_editingreview WHERE website_id = %(website)s GROUP BY 1
)
SELECT e.editor_id FROM e
ORDER BY EXISTS (
    SELECT 1 FROM editing_editingtask t
    WHERE t.website_id = %(website)s AND t.editor_id = e.editor_id AND t.status IN ('claimed', 'in_review')
)::int
    + EXISTS (
        SELECT 1 FROM editing_requiredchange c WHERE c.website_id = %(website)s AND c.editor_id = e.editor_id
    )::int DESC,
    abs(e.n - (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM e)), e.editor_id
LIMIT 1
"""
"""The one in the middle: the first takes whatever comes."""


@dataclass(frozen=True, slots=True)
class Asker:
    """`actor` and `token` are null for who has no account, but has the secret of the writer's calendar feed."""

    role: str
    website: Website
    actor: Actor | None
    token: str | None
    feed: str

    @property
    def headers(self) -> dict[str, str]:
        named = {"X-Website": self.website.slug}
        return {**named, "Authorization": f"Bearer {self.token}"} if self.token else named


def largest_website() -> Website:
    with connection.cursor() as cursor:
        cursor.execute("SELECT website_id FROM orders_order GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        (website_id,) = cursor.fetchone()
    return Website.objects.get(pk=website_id)


def askers(website: Website) -> dict[str, Asker]:
    members = {
        Role.CLIENT: _chosen(CLIENT, website, ORDERS_OF_CLIENT),
        Role.WRITER: _chosen(WRITER, website, ORDERS_OF_WRITER),
        Role.EDITOR: _chosen(EDITOR, website),
        **{role: _first(website, role) for role in (Role.SUPPORT, Role.ADMIN)},
    }
    found = {"anonymous": Asker("anonymous", website, None, None, feed_of(members[Role.WRITER]))}
    found |= {role.value: of_member(website, member) for role, member in members.items()}
    boss = User.objects.get(is_superadmin=True)
    actor = Actor(website, Role.SUPERADMIN, user_id=boss.pk)
    return {**found, "superadmin": Asker("superadmin", website, actor, token_for(boss.pk), "")}


def of_member(website: Website, member: Membership) -> Asker:
    actor = Actor(website, Role(member.role), user_id=member.user_id, membership_id=member.pk)
    return Asker(member.role, website, actor, token_for(member.user_id), "")


def token_for(user_id: int) -> str:
    """As a login gives it, without the hash of the password that a login is slow by."""
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    Token.objects.create(
        user_id=user_id,
        kind=TokenKind.ACCESS,
        digest=digest(secret),
        family=uuid.uuid4(),
        created_at=now,
        expires_at=now + A_DAY,
    )
    return secret


def feed_of(writer: Membership) -> str:
    """The secret of a new one, also where the writer has as many as it may."""
    secret = secrets.token_urlsafe(32)
    feeds = CalendarFeed.objects.of(writer.website_id)
    feeds.create(writer_id=writer.pk, digest=digest(secret), created_at=clock.now())
    return secret


def _chosen(query: str, website: Website, wanted: int | None = None) -> Membership:
    with connection.cursor() as cursor:
        cursor.execute(query, {"website": website.pk, "wanted": wanted})
        (member_id,) = cursor.fetchone()
    return Membership.objects.of(website).get(pk=member_id)


def _first(website: Website, role: Role) -> Membership:
    return Membership.objects.of(website).filter(role=role).order_by("number")[0]
