"""Two at once: each fine is forgiven, voided, appealed, issued once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.fines import actions
from copydesk.fines.models import Fine
from copydesk.orders.models import Order
from copydesk.payments.models import Earning
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, fines, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import ledger_locked_first
from tests.refunds.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def boss(client: Membership) -> Membership:
    return accounts.membership(client.website, "admin")


@pytest.fixture
def admin(boss: Membership) -> Actor:
    return actor(boss)


@pytest.fixture
def order(client: Membership) -> Order:
    return orders.order_in_progress(client, writers.writer(client.website, level="standard").member)


def again(fine: Fine) -> Fine:
    return Fine.objects.of(fine.website_id).get(pk=fine.pk)


def kept(fine: Fine) -> int:
    with website_scope(fine.website_id):
        rows = Earning.objects.of(fine.website_id).about(fine.reference)
        return -int(rows.aggregate(total=Sum("amount_minor", default=0))["total"])


def test_waived_by_ten(order: Order, boss: Membership, admin: Actor) -> None:
    fine = fines.issued(order, boss)
    results = at_once(order, [lambda: actions.waive_fine(again(fine), by=admin, reason="Sick.") for _ in range(10)])
    assert results == {"done": 1, "wrong_state": 9}
    assert kept(fine) == 0


def test_waived_in_parts_by_ten(order: Order, boss: Membership, admin: Actor) -> None:
    fine = fines.issued(order, boss)
    act: Callable[[], object] = lambda: actions.waive_fine(again(fine), by=admin, reason="Sick.", amount_minor=100)  # noqa: E731
    assert at_once(order, [act] * 10) == {"done": 3, "wrong_state": 7}
    assert kept(fine) == 0


def test_waived_and_voided(order: Order, boss: Membership, admin: Actor) -> None:
    fine = fines.issued(order, boss)
    waive: Callable[[], object] = lambda: actions.waive_fine(again(fine), by=admin, reason="Sick.")  # noqa: E731
    void: Callable[[], object] = lambda: actions.void_fine(again(fine), by=admin, reason="Wrong.")  # noqa: E731
    results = at_once(order, [waive, void] * 5)
    assert results["done"] in (1, 2)
    assert results["done"] + results["wrong_state"] == 10
    assert (kept(fine), again_status(fine)) == (0, "voided")


def again_status(fine: Fine) -> str:
    with website_scope(fine.website_id):
        return again(fine).status


def test_issued_by_ten(order: Order, boss: Membership, admin: Actor) -> None:
    fine = fines.proposed(order, boss)
    results = at_once(order, [lambda: actions.issue_fine(again(fine), by=admin) for _ in range(10)])
    assert results == {"done": 1, "wrong_state": 9}
    assert kept(fine) == 300


def test_appealed_and_waived(order: Order, boss: Membership, admin: Actor) -> None:
    fine = fines.issued(order, boss)
    waive: Callable[[], object] = lambda: actions.waive_fine(again(fine), by=admin, reason="Sick.")  # noqa: E731
    with website_scope(fine.website_id):
        writer = actor(fine.writer)
    appeal: Callable[[], object] = lambda: actions.appeal_fine(again(fine), by=writer, text="No.")  # noqa: E731
    results = at_once(order, [waive, appeal])
    assert results in (Counter(done=1, wrong_state=1),)


def test_an_order_is_judged_once_by_ten(client: Membership, boss: Membership) -> None:
    quill = writers.writer(client.website, level="standard").member
    order = fines.late_order(client, quill, 5 * fines.MINUTE)
    system = Actor.system(client.website)
    results = at_once(order, [lambda: actions.judge_order(again_order(order), by=system) for _ in range(10)])
    assert results == {"done": 10}
    with website_scope(order.website_id):
        assert Fine.objects.of(order.website_id).count() == 1


def again_order(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


class TestManyAtOnce:
    """Fines of two writers, crossed: whoever locked accounts as its list stands would wait for the other."""

    @pytest.fixture
    def quills(self, client: Membership) -> list[Membership]:
        return [writers.writer(client.website, level="standard").member for _ in range(2)]

    @pytest.mark.parametrize("action", actions.BY_NAME)
    def test_the_writers_accounts_are_locked_in_the_order_of_their_ids(
        self, client: Membership, boss: Membership, admin: Actor, quills: list[Membership], action: str
    ) -> None:
        made = fines.proposed if action == "issue" else fines.issued
        rows = [made(orders.order_in_progress(client, quill), boss) for quill in reversed(quills)]
        with website_scope(client.website_id):
            with CaptureQueriesContext(connection) as sent:
                actions.decide_fines([row.pk for row in rows], action, by=admin, reason="So.", mode="apply")
            assert ledger_locked_first(sent) == [("earnings", quill.pk) for quill in quills]

    def test_lists_that_meet_in_accounts(
        self, client: Membership, boss: Membership, admin: Actor, quills: list[Membership]
    ) -> None:
        halves: list[list[int]] = [[], []]
        for n in range(8):
            for half, ids in enumerate(halves):
                order = orders.order_in_progress(client, quills[(n + half) % 2])
                ids.append(fines.proposed(order, boss).pk)
        acts: list[Callable[[], object]] = [
            lambda ids=ids: actions.decide_fines(ids, "issue", by=admin, reason="So.", mode="apply")  # type: ignore[misc]
            for ids in halves * 3
        ]
        assert at_once(order, acts) == {"done": 6}
        with website_scope(client.website_id):
            assert Counter(Fine.objects.of(client.website_id).values_list("status", flat=True)) == {"issued": 16}
