"""Who may call what: every route, for everyone, as a table that is not derived from the code.

A refused call changes nothing and queues nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from copydesk.tenancy.scope import across_websites
from tests.api.client import Caller
from tests.api.routes import Route, routes
from tests.api.world import ROLES, World, pair

# + admitted (done, or refused by input or state) · - 403 · ! 401 · 0 404, the row or the website is out of sight.
# Columns: anonymous, client, writer, editor, support, admin, superadmin, an admin of another website. The client and
# the writer are those of the order asked for; the editor has no task on it.
MATRIX = """
GET    admin-management/disputes/analytics/                       !----++0
POST   admin-management/disputes/bulk-resolve/                    !----++0
GET    admin-management/disputes/dashboard/                       !----++0
GET    admin-management/disputes/pending/                         !----++0
GET    admin-management/fines/analytics/                          !----++0
GET    admin-management/fines/appeals/                            !----++0
POST   admin-management/fines/appeals/{id}/approve/               !----++0
POST   admin-management/fines/appeals/{id}/reject/                !----++0
POST   admin-management/fines/bulk/                               !----++0
GET    admin-management/fines/dashboard/                          !----++0
GET    admin-management/fines/pending/                            !----++0
GET    admin-management/fines/policies/                           !----++0
POST   admin-management/fines/policies/                           !----++0
POST   admin-management/fines/policies/simulate/                  !----++0
POST   admin-management/fines/{id}/void/                          !----++0
POST   admin-management/fines/{id}/waive/                         !----++0
GET    admin-management/orders/analytics/                         !----++0
GET    admin-management/orders/assignment-queue/                  !----++0
POST   admin-management/orders/bulk-action/                       !----++0
POST   admin-management/orders/bulk-assign/                       !----++0
GET    admin-management/orders/dashboard/                         !----++0
GET    admin-management/orders/overdue/                           !----++0
GET    admin-management/orders/stuck/                             !----++0
GET    admin-management/orders/timeline/{id}/                     !----++0
GET    admin-management/refunds/analytics/                        !----++0
POST   admin-management/refunds/bulk/                             !----++0
GET    admin-management/refunds/dashboard/                        !----++0
GET    admin-management/refunds/history/                          !----++0
GET    admin-management/refunds/pending/                          !----++0
GET    admin-management/reviews/analytics/                        !----++0
POST   admin-management/reviews/appeals/{id}/overturn/            !----++0
POST   admin-management/reviews/appeals/{id}/uphold/              !----++0
POST   admin-management/reviews/bulk/                             !----++0
GET    admin-management/reviews/moderation-queue/                 !----++0
GET    admin-management/reviews/spam-detection/                   !----++0
GET    admin-management/reviews/{id}/                             !----++0
POST   admin-management/reviews/{id}/approve/                     !----++0
POST   admin-management/reviews/{id}/flag/                        !----++0
POST   admin-management/reviews/{id}/reject/                      !----++0
POST   admin-management/reviews/{id}/shadow/                      !----++0
GET    admin-management/tickets/analytics/                        !----++0
GET    admin-management/tickets/assignment-queue/                 !----++0
POST   admin-management/tickets/bulk-assign/                      !----++0
GET    admin-management/tickets/dashboard/                        !----++0
GET    admin-management/tickets/sla-monitoring/                   !----++0
GET    admin-management/tickets/workload-balancing/               !----++0
GET    admin-management/writer-payments/                          !----++0
POST   admin-management/writer-payments/prepare/                  !----++0
GET    admin-management/writer-payments/{id}/                     !----++0
POST   admin-management/writer-payments/{id}/approve/             !----++0
POST   admin-management/writer-payments/{id}/cancel/              !----++0
POST   admin-management/writer-payments/{id}/pay/                 !----++0
GET    admin-management/writer-payments/{id}/statements/          !----++0
GET    admin-management/writer-payments/{id}/statements/{id}/     !----++0
POST   auth/join/                                                 +++++++0
POST   auth/login/                                                ++++++++
POST   auth/logout/                                               !+++++++
GET    auth/me/                                                   !+++++++
POST   auth/refresh/                                              ++++++++
POST   auth/register/                                             +++++++0
GET    client-management/dashboard/activity/                      !+-----0
GET    client-management/dashboard/analytics/                     !+-----0
GET    client-management/dashboard/stats/                         !+-----0
GET    client-management/dashboard/wallet/                        !+-----0
GET    editor-management/dashboard/activity/                      !--+---0
GET    editor-management/dashboard/analytics/                     !--+---0
GET    editor-management/dashboard/available-tasks/               !--+---0
GET    editor-management/dashboard/performance/                   !--+---0
GET    editor-management/dashboard/tasks/                         !--+---0
GET    editor-management/dashboard/workload/                      !--+---0
GET    editor-management/performance/                             !--+---0
GET    editor-management/profiles/                                !--++++0
GET    editor-management/profiles/dashboard_stats/                !--+---0
GET    editor-management/profiles/{id}/                           !--++++0
PATCH  editor-management/profiles/{id}/                           !--++++0
GET    editor-management/tasks/                                   !--++++0
GET    editor-management/tasks/available_tasks/                   !--++++0
GET    editor-management/tasks/changes/                           !-+++++0
POST   editor-management/tasks/changes/{id}/confirm/              !--+---0
POST   editor-management/tasks/changes/{id}/tick/                 !-+----0
POST   editor-management/tasks/claim/                             !--+---0
GET    editor-management/tasks/{id}/                              !--++++0
POST   editor-management/tasks/{id}/assign/                       !---+++0
GET    editor-management/tasks/{id}/changes/                      !-+++++0
POST   editor-management/tasks/{id}/complete/                     !--++++0
POST   editor-management/tasks/{id}/hand-over/                    !--++++0
POST   editor-management/tasks/{id}/reject/                       !--+---0
POST   editor-management/tasks/{id}/start/                        !--+---0
POST   editor-management/tasks/{id}/submit/                       !--+---0
POST   editor-management/tasks/{id}/unclaim/                      !--+---0
GET    events/stream/                                             !++++++0
POST   events/ticket/                                             !++++++0
GET    fines/                                                     !-+-+++0
POST   fines/                                                     !---+++0
GET    fines/{id}/                                                !-+-+++0
POST   fines/{id}/appeal/                                         !-+----0
POST   fines/{id}/issue/                                          !----++0
GET    notifications/                                             !++++++0
GET    notifications/preferences/                                 !++++++0
PUT    notifications/preferences/                                 !++++++0
POST   notifications/read-all/                                    !++++++0
POST   notifications/{id}/read/                                   !+000000
GET    orders/                                                    !++++++0
POST   orders/                                                    !+--+++0
POST   orders/adjustments/{id}/accept/                            !+--+++0
POST   orders/adjustments/{id}/decline/                           !+--+++0
GET    orders/disputes/                                           !++-+++0
GET    orders/disputes/files/{id}/download/                       !++-+++0
GET    orders/disputes/{id}/                                      !++-+++0
POST   orders/disputes/{id}/resolve/                              !----++0
POST   orders/disputes/{id}/respond/                              !++-+++0
POST   orders/disputes/{id}/withdraw/                             !+-----0
GET    orders/files/{id}/download/                                !0+0+++0
POST   orders/quote/                                              +++++++0
GET    orders/requests/{id}/                                      !-+-+++0
POST   orders/requests/{id}/approve/                              !---+++0
POST   orders/requests/{id}/reject/                               !---+++0
POST   orders/requests/{id}/withdraw/                             !-+----0
GET    orders/{id}/                                               !++0+++0
PATCH  orders/{id}/                                               !+--+++0
POST   orders/{id}/accept/                                        !-+----0
POST   orders/{id}/adjust/                                        !+--+++0
POST   orders/{id}/approve/                                       !+-----0
POST   orders/{id}/archive/                                       !---+++0
POST   orders/{id}/assign/                                        !---+++0
POST   orders/{id}/cancel/                                        !+--+++0
GET    orders/{id}/candidates/                                    !---+++0
POST   orders/{id}/decline/                                       !-+----0
POST   orders/{id}/dispute/                                       !++-+++0
POST   orders/{id}/extend-deadline/                               !---+++0
GET    orders/{id}/files/                                         !++0+++0
POST   orders/{id}/files/                                         !++0+++0
GET    orders/{id}/history/                                       !++0+++0
POST   orders/{id}/hold/                                          !---+++0
GET    orders/{id}/messages/                                      !++-+++0
POST   orders/{id}/messages/                                      !++-+++0
POST   orders/{id}/messages/read/                                 !++-+++0
POST   orders/{id}/pass/                                          !---+++0
POST   orders/{id}/pay/                                           !+-----0
POST   orders/{id}/reassign/                                      !---+++0
POST   orders/{id}/release/                                       !-+-+++0
POST   orders/{id}/request-revision/                              !+--+++0
POST   orders/{id}/request/                                       !-+----0
GET    orders/{id}/requests/                                      !-+-+++0
POST   orders/{id}/resume/                                        !---+++0
POST   orders/{id}/return/                                        !---+++0
GET    orders/{id}/review/                                        !++0+++0
POST   orders/{id}/review/                                        !+-----0
POST   orders/{id}/submit/                                        !-+----0
POST   orders/{id}/take/                                          !-+----0
POST   orders/{id}/tip/                                           !+-----0
POST   payments/webhooks/{id}/                                    ++++++++
GET    payments/{id}/                                             !+--+++0
GET    payments/{id}/receipt/                                     !+--+++0
GET    public/catalog/                                            +++++++0
GET    public/faqs/                                               +++++++0
GET    public/reviews/                                            +++++++0
GET    refunds/                                                   !+--+++0
POST   refunds/                                                   !+--+++0
GET    refunds/{id}/                                              !+--+++0
POST   refunds/{id}/approve/                                      !----++0
POST   refunds/{id}/cancel/                                       !+--+++0
POST   refunds/{id}/consent/                                      !+-----0
POST   refunds/{id}/process/                                      !----++0
GET    refunds/{id}/receipt/                                      !+--+++0
POST   refunds/{id}/reject/                                       !----++0
POST   refunds/{id}/retry/                                        !----++0
GET    reviews/                                                   !++++++0
POST   reviews/                                                   !+-----0
GET    reviews/{id}/                                              !++0+++0
POST   reviews/{id}/appeal/                                       !+-----0
POST   reviews/{id}/report/                                       !++++--0
GET    support-management/canned-replies/                         !---+++0
POST   support-management/canned-replies/                         !---+++0
DELETE support-management/canned-replies/{id}/                    !----++0
GET    support-management/canned-replies/{id}/                    !---+++0
PATCH  support-management/canned-replies/{id}/                    !---+++0
GET    support-management/dashboard/                              !---+++0
GET    support-management/dashboard/analytics/                    !---+++0
GET    support-management/dashboard/escalations/                  !---+++0
GET    support-management/dashboard/orders/                       !---+++0
GET    support-management/dashboard/queue/                        !---+++0
GET    support-management/dashboard/tickets/                      !---+++0
GET    support-management/dashboard/workload/                     !---+++0
GET    support-management/escalations/                            !---+++0
POST   support-management/escalations/                            !---+++0
GET    support-management/escalations/{id}/                       !---+++0
POST   support-management/escalations/{id}/acknowledge/           !---+++0
POST   support-management/escalations/{id}/approve/               !----++0
POST   support-management/escalations/{id}/reject/                !----++0
POST   support-management/escalations/{id}/resolve/               !---+++0
GET    support-management/faqs/                                   !---+++0
POST   support-management/faqs/                                   !---+++0
DELETE support-management/faqs/{id}/                              !----++0
GET    support-management/faqs/{id}/                              !---+++0
PATCH  support-management/faqs/{id}/                              !---+++0
GET    support-management/order-management/                       !---+++0
GET    support-management/order-management/{id}/                  !---+++0
GET    support-management/payment-issues/                         !---+++0
POST   support-management/payment-issues/                         !---+++0
GET    support-management/payment-issues/{id}/                    !---+++0
POST   support-management/payment-issues/{id}/escalate/           !---+++0
POST   support-management/payment-issues/{id}/resolve/            !---+++0
GET    support-management/shifts/                                 !---+++0
POST   support-management/shifts/                                 !----++0
DELETE support-management/shifts/{id}/                            !----++0
GET    support-management/shifts/{id}/                            !---+++0
PATCH  support-management/shifts/{id}/                            !----++0
GET    support-management/support-profiles/                       !---+++0
GET    support-management/support-profiles/{id}/                  !---+++0
PATCH  support-management/support-profiles/{id}/                  !---+++0
GET    support-management/workload-tracker/                       !---+++0
GET    support-management/workload-tracker/{id}/                  !---+++0
GET    tickets/                                                   !++-+++0
POST   tickets/                                                   !++-+++0
GET    tickets/files/{id}/download/                               !+0-+++0
GET    tickets/{id}/                                              !+0-+++0
PATCH  tickets/{id}/                                              !---+++0
POST   tickets/{id}/assign/                                       !---+++0
POST   tickets/{id}/claim/                                        !---+++0
POST   tickets/{id}/close/                                        !+0-+++0
POST   tickets/{id}/escalate/                                     !---+++0
POST   tickets/{id}/files/                                        !+0-+++0
POST   tickets/{id}/merge/                                        !---+++0
GET    tickets/{id}/messages/                                     !+0-+++0
POST   tickets/{id}/note/                                         !---+++0
GET    tickets/{id}/notes/                                        !---+++0
POST   tickets/{id}/rate/                                         !+0----0
POST   tickets/{id}/reopen/                                       !+0-+++0
POST   tickets/{id}/reply/                                        !+0-+++0
POST   tickets/{id}/resolve/                                      !---+++0
GET    wallet/                                                    !++----0
GET    wallet/entries/                                            !++----0
GET    wallet/payouts/                                            !-+----0
GET    wallet/payouts/{id}/                                       !-+----0
POST   wallet/top-up/                                             !+-----0
GET    writer-management/dashboard/badges/                        !-+----0
GET    writer-management/dashboard/calendar/                      !-+----0
GET    writer-management/dashboard/calendar/export/               !-+----0
GET    writer-management/dashboard/calendar/feed/{id}/            +++++++0
GET    writer-management/dashboard/calendar/feeds/                !-+----0
POST   writer-management/dashboard/calendar/feeds/                !-+----0
DELETE writer-management/dashboard/calendar/feeds/{id}/           !-+----0
POST   writer-management/dashboard/calendar/feeds/{id}/rotate/    !-+----0
GET    writer-management/dashboard/earnings/                      !-+----0
GET    writer-management/dashboard/earnings/lines/                !-+----0
GET    writer-management/dashboard/level/                         !-+----0
GET    writer-management/dashboard/order-requests/                !-+----0
GET    writer-management/dashboard/order-requests/stream/         !-+----0
GET    writer-management/dashboard/performance/                   !-+----0
GET    writer-management/dashboard/queue/                         !-+----0
GET    writer-management/dashboard/workload/                      !-+----0
GET    writers/                                                   !+--+++0
POST   writers/apply/                                             +++++++0
GET    writers/me/                                                !-+----0
PATCH  writers/me/                                                !-+----0
POST   writers/me/apply/                                          !-+----0
POST   writers/me/leave/                                          !-+----0
POST   writers/me/return/                                         !-+----0
GET    writers/{id}/                                              !+--+++0
POST   writers/{id}/approve/                                      !----++0
DELETE writers/{id}/block/                                        !+-----0
POST   writers/{id}/block/                                        !+-----0
DELETE writers/{id}/favour/                                       !+-----0
POST   writers/{id}/favour/                                       !+-----0
POST   writers/{id}/level/                                        !----++0
POST   writers/{id}/reinstate/                                    !----++0
POST   writers/{id}/reject/                                       !----++0
POST   writers/{id}/suspend/                                      !----++0
"""
TABLE = {(method, path): cells for method, path, cells in (line.split() for line in MATRIX.strip().splitlines())}
MULTIPART = {"orders/{id}/files/", "tickets/{id}/files/"}
REFUSED = {"-": 403, "!": 401, "0": 404}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once; each call below is undone."""
    with django_db_blocker.unblock(), undone():
        yield pair()[0]


@pytest.fixture(scope="module")
def callers(world: World) -> dict[str, Caller]:
    return {role: world.caller(role) for role in ROLES}


@pytest.fixture(scope="module")
def before(callers: dict[str, Caller]) -> list[tuple[Any, ...]]:
    return digest()


class undone(transaction.Atomic):  # noqa: N801 — used as transaction.atomic is
    """A block that leaves nothing; what is durable counts it for outermost, as in Django's own test cases."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)
        self._from_testcase = True

    def __exit__(self, *error: Any) -> None:
        transaction.set_rollback(True)
        super().__exit__(*error)


def test_the_table_names_every_route() -> None:
    there = {(route.method, route.path.removeprefix("/api/v1/")) for route in routes()}
    assert set(TABLE) == there


def test_every_row_has_a_cell_for_everyone() -> None:
    assert {len(cells) for cells in TABLE.values()} == {len(ROLES)}
    assert set("".join(TABLE.values())) <= set("+-!0")


@pytest.mark.parametrize("route", routes(), ids=str)
def test_admits_whom_the_table_says(
    route: Route, world: World, callers: dict[str, Caller], before: list[tuple[Any, ...]]
) -> None:
    path = route.path.removeprefix("/api/v1/")
    expected = dict(zip(ROLES, TABLE[route.method, path], strict=True))
    found = {}
    for role in ROLES:
        with undone():
            response = send(callers[role], route, world)
            status = response.status_code
            found[role] = next((sign for sign, code in REFUSED.items() if code == status), "+")
            assert status < 500, response.content
            if found[role] != "+":
                assert digest() == before, f"{role} was refused with {status}, and something changed"
                assert_says_why(response, role, world)
    assert found == expected


def send(caller: Caller, route: Route, world: World) -> Any:
    client = Client(headers={**caller._headers, "Idempotency-Key": "k"})
    path = world.fill(route.path)
    if route.method == "GET":
        return client.get(path)
    if route.path.removeprefix("/api/v1/") in MULTIPART:
        kind = {"kind": "source"} if "orders/" in path else {}
        return client.post(path, {"file": SimpleUploadedFile("a.txt", b"a"), **kind})
    return client.generic(route.method, path, "{}", content_type="application/json")


def assert_says_why(response: Any, role: str, world: World) -> None:
    problem = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    if role == "stranger":
        assert problem["code"] == "website_not_found"
    assert world.website.name not in problem["detail"]


def digest() -> list[tuple[Any, ...]]:
    """Of every row of every table, jobs included, over all websites."""
    with across_websites(), connection.cursor() as cursor:
        cursor.execute(_everything(cursor))
        return sorted(cursor.fetchall())


_statement: list[str] = []


def _everything(cursor: Any) -> str:
    if not _statement:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        one = "SELECT '{0}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{0}\" t"
        _statement.append(" UNION ALL ".join(one.format(table) for (table,) in cursor.fetchall()))
    return _statement[0]


class TestTheDigest:
    """What guards the refused calls sees what it should."""

    def test_sees_a_changed_row_and_a_queued_job(self, before: list[tuple[Any, ...]]) -> None:
        with undone(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET full_name = 'other'")
            assert digest() != before
        with undone(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_jobs (task_name, queue_name) VALUES ('x', 'default')")
            assert digest() != before
        assert digest() == before
