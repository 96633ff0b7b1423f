"""A writer's queue: for each condition an order that would be there but for it; scores as the candidates have them."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import NotFound
from copydesk.orders.actions import course, requests, staffing
from copydesk.orders.models import Cause, Order, Status
from copydesk.orders.queries.queue import QueueRow, WriterQueue
from copydesk.orders.queries.score import candidates
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.requests import order as open_order
from tests.orders.conftest import NOON

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def quill(website: Website) -> Writer:
    """Qualified up to a master's, knows law and essays."""
    return writers.writer(website, level="standard", subjects=("law",), paper_types=("essay",))


def shown(writer: Writer, tab: str = "open") -> list[QueueRow]:
    queue = WriterQueue(actor(writer.member))
    return queue.rows(list(queue.tabs[tab](queue.orders)))


def ids(writer: Writer, tab: str = "open") -> list[int]:
    return [row.id for row in shown(writer, tab)]


def test_open_orders(website: Website, client: Membership, quill: Writer) -> None:
    by = actor(accounts.membership(website, "admin"))
    wanted = open_order(client)
    for status in set(Status) - {Status.AVAILABLE, Status.OFFERED}:
        open_order(client, status=status, writer=writers.writer(website).member)
    staffing.assign(open_order(client), writers.writer(website).pk, by=by, offer=True)
    open_order(client, client_deadline=NOON)
    open_order(client, level_rank=4)
    blocker = accounts.membership(website)
    open_order(blocker)
    choose_writer(quill, ChoiceKind.BLOCK, by=actor(blocker))
    asked = open_order(client)
    requests.request_order(asked, by=actor(quill.member))
    declined = staffing.assign(open_order(client), quill.pk, by=by, offer=True)
    staffing.decline_offer(declined, by=actor(quill.member))
    dropped = staffing.assign(open_order(client), quill.pk, by=by)
    staffing.release(dropped, by=actor(quill.member), reason="Too much.")
    borealis = tenancy.website("borealis")
    with website_scope(borealis.pk):
        open_order(accounts.membership(borealis))
    assert ids(quill) == [wanted.pk]
    assert ids(quill, "requests") == [asked.pk]


def test_what_others_did_stands_in_nobodys_way(website: Website, client: Membership, quill: Writer) -> None:
    by = actor(accounts.membership(website, "admin"))
    other = writers.writer(website)
    blocked, asked, declined = (open_order(client) for _ in range(3))
    requests.request_order(asked, by=actor(other.member))
    staffing.decline_offer(staffing.assign(declined, other.pk, by=by, offer=True), by=actor(other.member))
    taken_off = staffing.assign(open_order(client), quill.pk, by=by)
    staffing.release(taken_off, by=by, cause=Cause.STAFF, reason="Needed elsewhere.")
    choose_writer(other, ChoiceKind.BLOCK, by=actor(client))
    withdrawn = open_order(client)
    requests.withdraw_request(requests.request_order(withdrawn, by=actor(quill.member)), by=actor(quill.member))
    assert set(ids(quill)) == {blocked.pk, asked.pk, declined.pk, taken_off.pk, withdrawn.pk}


def test_offers_until_they_expire(
    website: Website, client: Membership, quill: Writer, frozen: time_machine.Coordinates
) -> None:
    by = actor(accounts.membership(website, "admin"))
    mine = staffing.assign(open_order(client), quill.pk, by=by, offer=True)
    staffing.assign(open_order(client), writers.writer(website).pk, by=by, offer=True)
    declined = staffing.assign(open_order(client), quill.pk, by=by, offer=True)
    staffing.decline_offer(declined, by=actor(quill.member))
    [row] = shown(quill, "offers")
    assert (row.id, row.status, row.pay) == (mine.pk, "offered", 45)
    assert row.offer is not None
    assert (row.offer.offered_at, row.offer.expires_at) == (NOON, NOON + 2 * HOUR)
    assert (row.may_take, row.may_request) == (False, False)
    frozen.shift(2 * HOUR)
    assert ids(quill, "offers") == []


def test_own_open_requests(website: Website, client: Membership, quill: Writer) -> None:
    order = open_order(client)
    asked = requests.request_order(order, by=actor(quill.member), message="I can.", bid_minor=20_000)
    requests.request_order(order, by=actor(writers.writer(website).member))
    [row] = shown(quill, "requests")
    assert row.request is not None
    assert (row.request.id, row.request.message, row.request.bid) == (asked.pk, "I can.", 200)
    assert row.request.expires_at == asked.expires_at
    assert (row.pay, row.may_take, row.may_request) == (200, True, False)
    requests.reject_request(asked, by=actor(accounts.membership(website, "admin")), reason="Another one.")
    assert ids(quill, "requests") == []


def test_preferred(website: Website, client: Membership, quill: Writer) -> None:
    fan, other = accounts.membership(website), writers.writer(website)
    choose_writer(quill, ChoiceKind.FAVOUR, by=actor(fan))
    choose_writer(other, ChoiceKind.FAVOUR, by=actor(client))
    loved, named, plain = open_order(fan), open_order(client, preferred_writer=quill.member), open_order(client)
    open_order(client, preferred_writer=other.member)
    open_order(fan, status=Status.UNPAID)
    open_order(fan, level_rank=4)
    assert set(ids(quill, "preferred")) == {loved.pk, named.pk}
    assert {row.id for row in shown(quill) if row.preferred} == {loved.pk, named.pk}
    assert plain.pk in ids(quill)


def test_best_match_first_then_the_nearest_deadline(client: Membership, quill: Writer) -> None:
    neither = open_order(client, paper_type="case_study")
    both = open_order(client, subject="law")
    paper = open_order(client)
    subject = open_order(client, subject="law", paper_type="case_study")
    sooner = open_order(client, client_deadline=NOON + DAY)
    rows = shown(quill)
    assert [row.id for row in rows] == [both.pk, subject.pk, sooner.pk, paper.pk, neither.pk]
    scores = [row.match.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] == pytest.approx(0.45)


@pytest.mark.parametrize("rating", [None, 4_200])
def test_scores_are_those_of_the_candidates(
    website: Website, client: Membership, rating: int | None, frozen: time_machine.Coordinates
) -> None:
    writers.writer(website, rating_milli=3_000)
    quill = writers.writer(website, subjects=("law",), rating_milli=rating)
    orders.completed_order(client, quill.member)
    orders.order_in_progress(client, quill.member)
    for values in ({"subject": "law"}, {"paper_type": "case_study"}):
        open_order(client, **values)
    for row in shown(quill):
        listed = candidates(Order.objects.of(website).get(pk=row.id))
        [same] = [one for one in [*listed.recommended, *listed.excluded] if one.writer_id == quill.pk]
        assert row.match == same.match


def test_reasons_that_keep_the_writer_from_orders(
    website: Website, client: Membership, quill: Writer, frozen: time_machine.Coordinates
) -> None:
    wanted = open_order(client)
    [row] = shown(quill)
    assert (row.match.exclusions, row.may_take, row.may_request) == ([], True, True)
    by = actor(accounts.membership(website, "admin"))
    late = staffing.assign(open_order(client, client_deadline=NOON + 5 * HOUR), quill.pk, by=by)
    writers.levels(website, {"code": "standard", "name": "S", "rank": 1, "academic_rank": 3, "max_active_orders": 1})
    assert late.writer_due_at is not None
    frozen.move_to(late.writer_due_at)
    Writer.objects.of(website).filter(pk=quill.pk).update(leave_from=NOON, leave_until=NOON + DAY)
    [row] = shown(quill)
    assert row.id == wanted.pk
    assert row.match.exclusions == ["on_leave", "has_overdue_order", "over_capacity"]
    assert (row.match.excluded, row.may_take, row.may_request) == ("on_leave", False, False)
    assert WriterQueue(actor(quill.member)).capacity.orders_left == 0


def test_a_block_is_never_told(website: Website, client: Membership, quill: Writer) -> None:
    requests.request_order(open_order(client), by=actor(quill.member))
    choose_writer(quill, ChoiceKind.BLOCK, by=actor(client))
    [row] = shown(quill, "requests")
    assert row.match.exclusions == []


def test_capacity(website: Website, client: Membership, quill: Writer) -> None:
    levels = {"code": "standard", "name": "S", "rank": 1, "academic_rank": 3, "max_open_requests": 2}
    writers.levels(website, {**levels, "max_active_orders": 3})
    orders.order_in_progress(client, quill.member)
    orders.delivered_order(client, quill.member)
    course.hold(
        orders.order_in_progress(client, quill.member), by=actor(accounts.membership(website, "admin")), reason="r"
    )
    for _ in range(2):
        requests.request_order(open_order(client), by=actor(quill.member))
    open_order(client)
    found = WriterQueue(actor(quill.member)).capacity
    assert (found.active_orders, found.max_active_orders, found.orders_left) == (2, 3, 1)
    assert (found.open_requests, found.max_open_requests, found.requests_left) == (2, 2, 0)
    [row] = shown(quill)
    assert (row.may_take, row.may_request) == (True, False)


@pytest.mark.parametrize("of", ["website", "level"])
def test_where_takes_are_not_allowed_orders_are_asked_for(
    website: Website, client: Membership, quill: Writer, of: str
) -> None:
    if of == "website":
        store_policy(website, "orders", {"takes_allowed": False})
    else:
        writers.levels(website, {"code": "standard", "name": "S", "rank": 1, "academic_rank": 3, "can_take": False})
    open_order(client)
    [row] = shown(quill)
    assert (row.may_take, row.may_request) == (False, True)
    assert not WriterQueue(actor(quill.member)).capacity.takes_allowed


def test_what_a_row_tells(client: Membership, quill: Writer) -> None:
    order = open_order(client)
    [row] = shown(quill)
    assert (row.number, row.client, row.pay, row.currency) == (order.number, f"Client {client.number}", 45, "USD")
    assert row.writer_deadline == NOON + 8 * DAY
    assert (row.request, row.offer, row.preferred) == (None, None, False)


def test_who_was_never_admitted_has_no_queue(website: Website) -> None:
    with pytest.raises(NotFound):
        WriterQueue(actor(writers.writer(website, status="applied").member))
    with pytest.raises(NotFound):
        WriterQueue(actor(accounts.membership(website, Role.WRITER)))
