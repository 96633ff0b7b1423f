"""What happens around an editor, as a stream."""

from __future__ import annotations

from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.journal.models import EventQuerySet
from copydesk.journal.queries import verbs_seen_by, visible_events
from copydesk.orders.models import Order

from ..models import EditingTask, RequiredChange

SUBJECTS = (EditingTask.noun, RequiredChange.noun)
EDITING_VERBS = [verb for verb in verbs_seen_by(Role.EDITOR) if verb.partition(".")[0] in SUBJECTS]


def editing_events(actor: Actor) -> EventQuerySet:
    """About tasks and required changes: the editor's own acts, and those on orders that it has, has had or may take."""
    own = EditingTask.objects.of(actor.website).had_by(actor.membership_id).values("order_id")
    seen = Order.objects.visible_to(actor).values("pk")
    rows = visible_events(actor).filter(subject_type__in=SUBJECTS)
    return rows.filter(Q(member_id=actor.membership_id) | Q(root_id__in=own) | Q(root_id__in=seen))
