"""What happens around an editor, as a stream."""

from __future__ import annotations

from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.journal.models import EventQuerySet
from copydesk.journal.queries import verbs_seen_by, visible_events
from copydesk.orders.models import Order
from copydesk.tenancy.sql import holds

from ..conditions import TASK
from ..models import EditingTask, RequiredChange

SUBJECTS = (EditingTask.noun, RequiredChange.noun)
OWN = f"""(journal_event.member_id = %(member)s OR journal_event.root_id IN (
    SELECT t.order_id FROM {TASK} t WHERE t.website_id = %(website)s AND t.editor_id = %(member)s
))"""  # noqa: S608 — put together from constants
EDITING_VERBS = [verb for verb in verbs_seen_by(Role.EDITOR) if verb.partition(".")[0] in SUBJECTS]


def editing_events(actor: Actor) -> EventQuerySet:
    """About tasks and required changes: the editor's own acts, and those on orders that it has, has had or may take."""
    own = holds(OWN, website=actor.website.pk, member=actor.membership_id)
    seen = Order.objects.visible_to(actor).values("pk")
    rows = visible_events(actor).filter(subject_type__in=SUBJECTS)
    return rows.filter(Q(own) | Q(root_id__in=seen))
