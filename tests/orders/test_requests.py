"""Writers ask for orders, staff decide: every step, limit and refusal; of parallel decisions one wins."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Forbidden, Refusal, WrongState
from copydesk.journal.models import Event
from copydesk.orders import errors, tasks
from copydesk.orders.actions import requests
from copydesk.orders.actions.staffing import assign, take
from copydesk.orders.models import Assignment, Order, Request, Round, Status
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Writer
from tests.factories.accounts import actor, membership
from tests.factories.requests import order
from tests.factories.tenancy import website
from tests.factories.writers import levels, writer

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def atlas(db: None) -> Iterator[Website]:
    with time_machine.travel(NOW, tick=False):
        site = website()
        with website_scope(site.pk):
            yield site


@pytest.fixture
def client(atlas: Website) -> Membership:
    return membership(atlas, Role.CLIENT)


@pytest.fixture
def support(atlas: Website) -> Actor:
    return actor(membership(atlas, Role.SUPPORT))


def asks(by: Writer, wanted: Order, bid_minor: int | None = None) -> Request:
    return requests.request_order(wanted, by=actor(by.member), bid_minor=bid_minor)


def status(row: Request | Order) -> str:
    return type(row).objects.of(row.website_id).values_list("status", flat=True).get(pk=row.pk)


def state(site: Website) -> tuple[object, ...]:
    """Everything that a refused call must leave as it was."""
    return (
        sorted(Request.objects.of(site).values_list("pk", "status", "version")),
        sorted(Order.objects.of(site).values_list("pk", "status", "writer_id", "version")),
        Assignment.objects.of(site).count(),
        Event.objects.of(site).count(),
    )


def refused(site: Website, refusal: type[Refusal], call: Callable[[], object]) -> Refusal:
    before = state(site)
    with pytest.raises(refusal) as caught, transaction.atomic():
        call()
    assert state(site) == before
    return caught.value


def test_a_writer_asks_with_message_and_bid(atlas: Website, client: Membership) -> None:
    wanted, row = order(client), writer(atlas)
    asked = requests.request_order(wanted, by=actor(row.member), message="I know this war.", bid_minor=4_000)
    assert (asked.status, asked.message, asked.bid_minor) == ("requested", "I know this war.", 4_000)
    assert (asked.requested_at, asked.expires_at) == (NOW, NOW + 3 * DAY)
    event = Event.objects.of(atlas).get(verb="request.open")
    assert (event.root_type, event.root_id, event.client_id, event.writer_id) == ("order", wanted.pk, None, row.pk)
    assert status(wanted) == "available"


def test_a_request_does_not_outlive_the_deadline_of_the_client(atlas: Website, client: Membership) -> None:
    assert asks(writer(atlas), order(client, client_deadline=NOW + DAY)).expires_at == NOW + DAY


def test_an_order_that_is_too_late_is_not_asked_for(atlas: Website, client: Membership) -> None:
    wanted, row = order(client, client_deadline=NOW), writer(atlas)
    refused(atlas, errors.DeadlinePassed, lambda: asks(row, wanted))


def test_an_order_is_asked_for_once_at_a_time(atlas: Website, client: Membership) -> None:
    wanted, row = order(client), writer(atlas)
    asked = asks(row, wanted)
    refused(atlas, errors.AlreadyRequested, lambda: asks(row, wanted))
    requests.withdraw_request(asked, by=actor(row.member))
    assert asks(row, wanted).status == "requested"


def test_five_open_requests_are_the_limit(atlas: Website, client: Membership) -> None:
    row = writer(atlas)
    asked = [asks(row, order(client)) for _ in range(5)]
    sixth = order(client)
    refusal = refused(atlas, errors.TooManyRequests, lambda: asks(row, sixth))
    assert refusal.context == {"limit": 5}
    requests.withdraw_request(asked[0], by=actor(row.member))
    assert asks(row, sixth).status == "requested"


def test_the_limit_is_that_of_the_level(atlas: Website, client: Membership) -> None:
    levels(atlas, {"code": "expert", "name": "E", "rank": 1, "academic_rank": 9, "max_open_requests": 1})
    row, second = writer(atlas), order(client)
    asks(row, order(client))
    assert refused(atlas, errors.TooManyRequests, lambda: asks(row, second)).context == {"limit": 1}


def test_an_excluded_writer_does_not_ask(atlas: Website, client: Membership) -> None:
    wanted, row = order(client, level_rank=3), writer(atlas, level="junior")
    refusal = refused(atlas, errors.WriterExcluded, lambda: asks(row, wanted))
    assert refusal.context["reason"] == "not_qualified"


@pytest.mark.parametrize("standing", sorted(set(Status) - {Status.AVAILABLE, Status.OFFERED}))
def test_only_available_orders_are_asked_for(atlas: Website, client: Membership, standing: str) -> None:
    wanted, row = order(client, status=standing, writer=writer(atlas).member), writer(atlas)
    refused(atlas, WrongState, lambda: asks(row, wanted))


@pytest.mark.parametrize("role", [Role.CLIENT, Role.EDITOR, Role.SUPPORT, Role.ADMIN])
def test_only_writers_ask(atlas: Website, client: Membership, role: Role) -> None:
    wanted, other = order(client), actor(membership(atlas, role))
    refused(atlas, Forbidden, lambda: requests.request_order(wanted, by=other))


def test_approval_starts_the_writer_and_supersedes_the_others(
    atlas: Website, client: Membership, support: Actor
) -> None:
    wanted = order(client)
    first, second, third = (asks(writer(atlas), wanted) for _ in range(3))
    elsewhere = asks(writer(atlas), order(client))
    requests.withdraw_request(third, by=actor(third.writer))
    requests.approve_request(second, by=support, reason="The best.")
    assert [status(row) for row in (first, second, third, elsewhere)] == [
        "superseded",
        "approved",
        "withdrawn",
        "requested",
    ]
    started = Order.objects.of(atlas).get(pk=wanted.pk)
    assert (started.status, started.writer_id, started.assigned_at) == ("in_progress", second.writer_id, NOW)
    assert started.writer_due_at == NOW + 8 * DAY
    assignment = Assignment.objects.of(atlas).get()
    assert (assignment.writer_id, assignment.pay_minor, assignment.started_at) == (second.writer_id, 5_500, NOW)
    assert Round.objects.of(atlas).get().due_at == NOW + 8 * DAY
    verbs = list(Event.objects.of(atlas).about("order", wanted.pk).order_by("id").values_list("verb", flat=True))
    assert verbs[-3:] == ["request.approve", "order.approve_request", "request.supersede"]


def test_the_bid_is_the_pay_but_never_above_the_price(atlas: Website, client: Membership, support: Actor) -> None:
    for bid, pay in ((4_000, 4_000), (12_000, 10_000)):
        requests.approve_request(asks(writer(atlas), order(client), bid), by=support)
        assert Assignment.objects.of(atlas).latest("id").pay_minor == pay


def test_a_request_is_approved_once(atlas: Website, client: Membership, support: Actor) -> None:
    wanted = order(client)
    first, second = (asks(writer(atlas), wanted) for _ in range(2))
    requests.approve_request(first, by=support)
    for each in (first, second):
        refused(atlas, WrongState, lambda each=each: requests.approve_request(each, by=support))


def test_staff_exceed_the_limits_with_a_reason_and_nothing_else(
    atlas: Website, client: Membership, support: Actor
) -> None:
    levels(atlas, {"code": "expert", "name": "E", "rank": 1, "academic_rank": 9, "max_active_orders": 1})
    row, other = writer(atlas), writer(atlas)
    busy, barred = asks(row, order(client)), asks(other, order(client))
    order(client, status="in_progress", writer=row.member, writer_due_at=NOW + HOUR)
    Writer.objects.of(atlas).filter(pk=other.pk).update(status="suspended", suspended_until=NOW + DAY)
    refusal = refused(atlas, errors.WriterExcluded, lambda: requests.approve_request(busy, by=support))
    assert refusal.context["reason"] == "over_capacity"
    for reason in ("", "The only one."):
        refusal = refused(
            atlas,
            errors.WriterExcluded,
            lambda reason=reason: requests.approve_request(barred, by=support, reason=reason),
        )
        assert refusal.context["reason"] == "suspended"
    requests.approve_request(busy, by=support, reason="The only one.")
    assert status(busy) == "approved"


def test_a_held_order_gives_no_approval(atlas: Website, client: Membership, support: Actor) -> None:
    wanted = order(client)
    asked = asks(writer(atlas), wanted)
    Order.objects.of(atlas).filter(pk=wanted.pk).update(status="on_hold", held_from="available")
    refused(atlas, WrongState, lambda: requests.approve_request(asked, by=support))


def test_a_request_whose_time_is_over_gives_no_approval(atlas: Website, client: Membership, support: Actor) -> None:
    """Also before the clock has come round to it."""
    asked = asks(writer(atlas), order(client))
    with time_machine.travel(asked.expires_at - dt.timedelta(seconds=1), tick=False):
        assert Request.LIFECYCLE.refusal(asked, "approve", support) is None
    with time_machine.travel(asked.expires_at, tick=False):
        refused(atlas, errors.RequestExpired, lambda: requests.approve_request(asked, by=support))


def test_staff_reject_with_a_reason(atlas: Website, client: Membership, support: Actor) -> None:
    asked = asks(writer(atlas), order(client))
    requests.reject_request(asked, by=support, reason="Another day.")
    assert (status(asked), asked.decided_at) == ("rejected", NOW)
    refused(atlas, WrongState, lambda: requests.withdraw_request(asked, by=actor(asked.writer)))


def test_only_the_asking_writer_withdraws(atlas: Website, client: Membership, support: Actor) -> None:
    asked = asks(writer(atlas), order(client))
    other = actor(writer(atlas).member)
    refused(atlas, Forbidden, lambda: requests.withdraw_request(asked, by=other))
    refused(atlas, Forbidden, lambda: requests.withdraw_request(asked, by=support))
    requests.withdraw_request(asked, by=actor(asked.writer))
    assert status(asked) == "withdrawn"


@pytest.mark.parametrize("role", [Role.CLIENT, Role.WRITER, Role.EDITOR])
def test_only_staff_decide(atlas: Website, client: Membership, role: Role) -> None:
    asked, other = asks(writer(atlas), order(client)), actor(membership(atlas, role))
    refused(atlas, Forbidden, lambda: requests.approve_request(asked, by=other))
    refused(atlas, Forbidden, lambda: requests.reject_request(asked, by=other, reason="r"))


def test_the_clock_expires_and_supersedes(atlas: Website, client: Membership) -> None:
    due, early, cancelled = (asks(writer(atlas), order(client)) for _ in range(3))
    Request.objects.of(atlas).filter(pk=early.pk).update(expires_at=NOW + 3 * DAY + HOUR)
    Order.objects.of(atlas).filter(pk=cancelled.order_id).update(status="cancelled")
    tasks.expire_requests(atlas)
    assert [status(row) for row in (due, early, cancelled)] == ["requested", "requested", "superseded"]
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        tasks.expire_requests(atlas)
        tasks.expire_requests(atlas)
    assert [status(row) for row in (due, early, cancelled)] == ["expired", "requested", "superseded"]
    assert Event.objects.of(atlas).filter(verb="request.expire").count() == 1


def test_assigning_and_taking_supersede_the_requests(atlas: Website, client: Membership, support: Actor) -> None:
    assigned, taken = order(client), order(client)
    asked = [asks(writer(atlas), wanted) for wanted in (assigned, taken)]
    assign(assigned, writer(atlas).pk, by=support)
    take(taken, by=actor(writer(atlas).member))
    assert [status(row) for row in asked] == ["superseded", "superseded"]


def test_order_request_and_writer_are_locked_in_that_order(atlas: Website, client: Membership, support: Actor) -> None:
    asked = asks(writer(atlas), order(client))
    with CaptureQueriesContext(connection) as captured:
        requests.approve_request(asked, by=support)
    locks = [row["sql"] for row in captured if "FOR NO KEY UPDATE" in row["sql"]]
    tables = [sql.split('FROM "')[1].split('"')[0] for sql in locks]
    assert list(dict.fromkeys(tables)) == ["orders_order", "orders_request", "writers_writer"]


def race(site: Website, calls: list[Callable[[], object]]) -> list[str]:
    """All at once, each in its own connection and transaction: what each came to."""
    start, outcomes = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait(30)
            with website_scope(site.pk):
                call()
            outcomes.append("won")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_approvals_one_wins() -> None:
    site = website()
    client, by = membership(site, Role.CLIENT), actor(membership(site, Role.SUPPORT))
    wanted = order(client)
    with website_scope(site.pk):
        asked = [asks(writer(site), wanted) for _ in range(20)]
    outcomes = race(site, [lambda row=row: requests.approve_request(row, by=by) for row in asked])
    assert sorted(outcomes) == ["won", *["wrong_state"] * 19]
    with website_scope(site.pk):
        assert Assignment.objects.of(site).count() == 1
        assert sorted(status(row) for row in asked) == ["approved", *["superseded"] * 19]


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_takes_one_wins() -> None:
    site = website()
    wanted = order(membership(site, Role.CLIENT))
    writers = [writer(site) for _ in range(20)]
    outcomes = race(site, [lambda row=row: take(wanted_copy(wanted), by=actor(row.member)) for row in writers])
    assert sorted(outcomes) == ["won", *["wrong_state"] * 19]
    with website_scope(site.pk):
        assert Assignment.objects.of(site).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_writer_cannot_exceed_its_limits_by_asking_or_taking_in_parallel() -> None:
    site = website()
    client, row = membership(site, Role.CLIENT), writer(site)
    open_orders = [order(client) for _ in range(12)]
    outcomes = race(site, [lambda each=each: asks(row, each) for each in open_orders])
    assert sorted(outcomes) == [*["too_many_open_requests"] * 7, *["won"] * 5]
    outcomes = race(site, [lambda each=each: take(each, by=actor(row.member)) for each in open_orders])
    assert sorted(outcomes) == [*["won"] * 10, *["writer_excluded"] * 2]


def wanted_copy(wanted: Order) -> Order:
    return Order.objects.of(wanted.website_id).get(pk=wanted.pk)
