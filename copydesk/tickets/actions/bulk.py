"""Many tickets at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from copydesk.accounts.actor import Actor
from copydesk.core import bulk
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Invalid

from ..models import Ticket
from ..queries.agents import desk_members
from .course import assign_ticket


def assign_tickets(
    ids: Sequence[int],
    wanted: Mapping[int, int | None],
    *,
    by: Actor,
    mode: Literal["preview", "apply"],
    reason: str = "",
) -> BulkReport:
    """Each of `ids` to the member of the desk that is `wanted` for it, or to nobody. The rows are locked in the order
    of their ids, so that of two such calls one waits for the other. Raises Invalid for members that are none."""
    members = {member for member in wanted.values() if member is not None}
    known = desk_members(by.website).filter(pk__in=members).values_list("pk", flat=True)
    if unknown := sorted(members.difference(known)):
        raise Invalid({"agent_id": f"No such member of the desk: {', '.join(map(str, unknown))}."}, "not_found")
    rows = {row.pk: row for row in Ticket.objects.visible_to(by).filter(pk__in=ids).order_by("pk").lock()}
    return bulk.each(ids, rows, lambda row: assign_ticket(row, wanted[row.pk], by=by, reason=reason), mode)
