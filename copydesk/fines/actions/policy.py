"""The policy of fines gets another version: what was begun under an earlier one stays under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core.errors import Forbidden
from copydesk.journal.actions import record
from copydesk.journal.models import details
from copydesk.tenancy.models import Policy
from copydesk.tenancy.policies import store_policy

from ..errors import PolicyChanged
from ..policies import FinePolicy


@dataclass(frozen=True, slots=True)
class _OfPolicy:
    """What its event is about."""

    pk: int
    website_id: int
    noun: ClassVar[str] = "fine_policy"
    parties: ClassVar[tuple[int | None, int | None]] = (None, None)

    @property
    def root(self) -> tuple[str, int]:
        return self.noun, self.pk


def change_policy(data: dict[str, Any], *, by: Actor, reason: str) -> Policy:
    """In force from now on. Raises Forbidden, Invalid, PolicyChanged where two do it at once."""
    if not by.can(Can.DECIDE_FINES):
        raise Forbidden
    try:
        with transaction.atomic():
            row = store_policy(by.website, FinePolicy.policy_name, data)
    except IntegrityError as error:
        raise PolicyChanged from error
    about = _OfPolicy(row.pk, row.website_id)
    record("fine_policy.change", about, by=by, reason=reason, data=details(version=row.version))
    return row
