"""What the clock does, row by row: what was done stays done, and no lock is held for the next row."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.accounts.sweeps import sweep_each
from copydesk.core.errors import WrongState
from copydesk.tenancy.scope import website_context, website_scope
from tests.factories import accounts, tenancy

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_row_has_a_transaction_of_its_own() -> None:
    site = tenancy.website()
    members = [accounts.membership(site) for _ in range(4)]

    def renumber(row: Membership, *, by: object) -> None:
        Membership.objects.of(site).filter(pk=row.pk).update(number=row.number + 100)
        if row.pk == members[1].pk:
            raise WrongState("It has moved on.")
        if row.pk == members[3].pk:
            raise ValueError

    with website_context(site.pk), pytest.raises(ValueError):  # noqa: PT011 — raised here
        sweep_each(Membership.objects.of(site), renumber, site)
    with website_scope(site.pk):
        found = Membership.objects.of(site).order_by("id").values_list("number", flat=True)
        assert [after - before.number for after, before in zip(found, members, strict=True)] == [100, 0, 100, 0]
