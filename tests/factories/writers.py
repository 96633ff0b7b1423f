"""Writers of a website, at work unless told otherwise."""

from typing import Any

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import ADMITTED, Skill, SkillKind, Writer, WriterStatus
from tests.factories.accounts import membership


def writer(
    of: Website | Membership,
    *,
    subjects: tuple[str, ...] = (),
    paper_types: tuple[str, ...] = (),
    status: str = WriterStatus.APPROVED,
    **values: Any,
) -> Writer:
    """Pen name `Quill 3` for member number 3; level `expert`, which is qualified for everything."""
    member = membership(of, Role.WRITER) if isinstance(of, Website) else of
    website = member.website
    with website_scope(website.pk):
        if status not in ADMITTED:
            Membership.objects.of(website).filter(pk=member.pk).update(admitted=False)
            member.admitted = False
        now = clock.now()
        row = Writer.objects.of(website).create(
            **{
                "member": member,
                "pen_name": f"Quill {member.number}",
                "level": "expert",
                "status": status,
                "applied_at": now,
                "approved_at": now if status in ADMITTED else None,
                **values,
            }
        )
        for kind, codes in ((SkillKind.SUBJECT, subjects), (SkillKind.PAPER_TYPE, paper_types)):
            for code in codes:
                Skill.objects.of(website).create(writer=row, kind=kind, code=code)
    row.website = website
    return row


def levels(of: Website, *given: dict[str, Any]) -> None:
    """The website's own levels."""
    with website_scope(of.pk):
        store_policy(of, "writers", {"levels": list(given)})
