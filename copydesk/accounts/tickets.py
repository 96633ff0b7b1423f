"""A ticket stands in for the Authorization header where none can be sent: once, for a minute, for one website."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from django.conf import settings

from copydesk.core import clock

from .actor import Actor
from .models import Token, TokenKind
from .resolve import digest

REDEEM = """
UPDATE accounts_token SET used_at = %(at)s
WHERE digest = %(digest)s AND kind = 'stream' AND used_at IS NULL AND expires_at > %(at)s
RETURNING family, for_website_id
"""

FAMILY_OF = "SELECT family FROM accounts_token WHERE id = %s"

# Who a login is by now: the freshest of its access tokens says so, and none is left after a logout.
RESOLVE_FAMILY = """
SELECT caller.* FROM resolve_caller(
    (SELECT digest FROM accounts_token
     WHERE family = %(family)s AND kind = 'access' AND expires_at > %(at)s ORDER BY id DESC LIMIT 1),
    (SELECT slug FROM tenancy_website WHERE id = %(website_id)s), NULL, %(at)s
) caller
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    ticket: str
    expires_at: dt.datetime


def issue_ticket(by: Actor) -> Ticket:
    """Of the same login as the token that `by` called with."""
    assert by.user_id is not None
    assert by.token_id is not None
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    token = Token.objects.create(
        user_id=by.user_id,
        kind=TokenKind.STREAM,
        digest=digest(secret),
        family=Token.objects.values_list("family", flat=True).get(pk=by.token_id),
        website_id=by.website.pk,
        created_at=now,
        expires_at=now + dt.timedelta(seconds=settings.STREAM_TICKET_SECONDS),
    )
    return Ticket(secret, token.expires_at)
