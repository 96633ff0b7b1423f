"""Reviews in every state, by the real actions."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.reviews import actions
from copydesk.reviews.models import Appeal, Ground, Review, Target
from copydesk.tenancy.scope import website_scope
from tests.factories.accounts import actor, membership
from tests.factories.orders import completed_order

LONG = (
    "The paper followed every point of the assignment, the sources were recent and well chosen, and the conclusion"
    " answered the question that my lecturer had asked in the first place."
)
CONTACT = "Write to me at someone@example.com about it."


def review(
    client: Membership, writer: Membership, rating: int = 5, *, text: str = "", target: Target = Target.WRITER
) -> Review:
    """Of a new completed order. Without a text that looks like spam it is published at once."""
    order = completed_order(client, writer)
    with website_scope(client.website_id):
        return actions.submit_review(order, target=target, rating=rating, text=text, by=actor(client))


def pending_review(client: Membership, writer: Membership, rating: int = 4, **given: Any) -> Review:
    return review(client, writer, rating, **{"text": CONTACT, **given})


def flagged_review(
    client: Membership, writer: Membership, moderator: Membership, ground: Ground = Ground.NOT_TRUE
) -> Review:
    with website_scope(client.website_id):
        return actions.flag_review(
            review(client, writer), by=actor(moderator), ground=ground, reason="To be looked at."
        )


def rejected_review(client: Membership, writer: Membership, moderator: Membership) -> Review:
    found = pending_review(client, writer)
    with website_scope(client.website_id):
        return actions.reject_review(found, by=actor(moderator), reason="Advertising.")


def open_appeal(client: Membership, writer: Membership, moderator: Membership) -> Appeal:
    rejected = rejected_review(client, writer, moderator)
    with website_scope(client.website_id):
        return actions.appeal_review(rejected, by=actor(client), text="It is my honest opinion.")


def reported_review(
    client: Membership, writer: Membership, reporter: Membership, ground: Ground = Ground.NOT_TRUE
) -> Review:
    found = review(client, writer)
    with website_scope(client.website_id):
        actions.report_review(found, by=actor(reporter), ground=ground)
    return found


def moderator(of: Membership) -> Membership:
    """Another admin of the same website."""
    return membership(of.website, Role.ADMIN)
