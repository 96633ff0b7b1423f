"""What an editor knows, how much it may have, and whether it takes tasks now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import change, record
from copydesk.journal.models import details
from copydesk.orders.policies import PricingPolicy

from .. import errors
from ..models import EditorProfile, Expertise, ExpertiseKind

LISTS = {"subjects": ExpertiseKind.SUBJECT, "paper_types": ExpertiseKind.PAPER_TYPE}


def change_profile(member: Membership, *, by: Actor, **given: Any) -> EditorProfile:
    """Of subjects, paper_types, task_limit, available those that are given; lists replace what was there. An editor its
    own, staff anybody's; the limit is theirs to set. Raises Forbidden, LimitByStaff, Invalid for unknown codes."""
    if not by.is_staff and member.pk != by.membership_id:
        raise Forbidden
    if "task_limit" in given and not by.is_staff:
        raise errors.LimitByStaff
    lists = {name: given[name] for name in LISTS if name in given}
    _refuse_unknown(by, lists)
    Membership.objects.of(member.website_id).lock().get(pk=member.pk)
    profile, _ = EditorProfile.objects.of(member.website_id).get_or_create(
        member_id=member.pk, defaults={"website_id": member.website_id}
    )
    change(profile, **{name: value for name, value in given.items() if name not in LISTS})
    for name, codes in lists.items():
        rows = Expertise.objects.of(member.website_id)
        rows.filter(editor=profile, kind=LISTS[name]).delete()
        for code in sorted(set(codes)):
            rows.create(editor=profile, kind=LISTS[name], code=code)
    record("editor.change_profile", profile, by=by, data=details(fields=sorted(given)))
    return profile


def _refuse_unknown(by: Actor, lists: Mapping[str, Collection[str]]) -> None:
    if not lists:
        return
    catalog = PricingPolicy.of(by.website)
    known = {"subjects": catalog.subjects, "paper_types": catalog.paper_types}
    for name, codes in lists.items():
        unknown = sorted(set(codes) - {entry.code for entry in known[name]})
        if unknown:
            raise Invalid({name: f"Not in the catalog: {', '.join(unknown)}."}, "unknown_code")
