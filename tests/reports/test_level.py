"""A writer's level, what the next one needs, and its rank."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.core.errors import NotFound
from copydesk.reports.level import WriterLevel, writer_level
from copydesk.reviews.actions import rank_writers
from copydesk.reviews.models import Standing
from copydesk.tenancy.models import Website
from copydesk.writers.models import Writer
from copydesk.writers.policies import WriterPolicy
from tests.factories import accounts, writers
from tests.factories.accounts import actor
from tests.reports.conftest import NOON


def level(writer: Writer) -> WriterLevel:
    return writer_level(actor(writer.member))


def stand(writer: Writer, **values: Any) -> None:
    rank_writers(writer.website, NOON)
    Standing.objects.of(writer.website).filter(pk=writer.pk).update(**values)


def test_the_level_with_its_limits_and_pay(website: Website) -> None:
    found = level(writers.writer(website, level="junior"))
    assert (found.level.code, found.level.max_active_orders, found.level.can_take) == ("junior", 10, False)
    assert (found.level.pay_share_bps, found.level.currency) == (4_000, "USD")
    assert (found.rating, found.completed_orders, found.rank) == (None, 0, None)
    assert found.next_level is not None
    assert found.next_level.level.code == "standard"


def test_what_is_missing(website: Website) -> None:
    row = writers.writer(website, level="junior", completed_orders=4, rating_milli=4_500)
    stand(row, completed=8, outcomes=10)
    found = level(row).next_level
    assert found is not None
    assert [(one.name, one.needed, one.current, one.missing, one.met) for one in found.requirements] == [
        ("orders", 10, 4, 6, False),
        ("rating", 4.0, 4.5, 0, True),
        ("completion", 0.85, 0.8, 0.05, False),
    ]
    assert not found.eligible


@pytest.mark.parametrize(
    ("values", "eligible"),
    [
        ({}, True),
        ({"completed_orders": 9}, False),
        ({"rating_milli": 3_999}, False),
        ({"rating_milli": None}, False),
        ({"completed": 16}, False),
        ({"outcomes": 0, "completed": 0}, False),
    ],
)
def test_each_requirement_is_needed(website: Website, values: dict[str, Any], eligible: bool) -> None:
    of_writer = {"completed_orders": 10, "rating_milli": 4_000}
    of_standing = {"completed": 17, "outcomes": 20}
    row = writers.writer(website, level="junior", **{k: values.get(k, v) for k, v in of_writer.items()})
    stand(row, **{k: values.get(k, v) for k, v in of_standing.items()})
    found = level(row).next_level
    assert found is not None
    assert found.eligible is eligible


def test_without_a_standing_completion_is_not_known(website: Website) -> None:
    found = level(writers.writer(website, level="junior")).next_level
    assert found is not None
    assert (found.requirements[2].current, found.requirements[2].met) == (None, False)


def test_nothing_is_above_the_top(website: Website) -> None:
    assert level(writers.writer(website, level="expert")).next_level is None


def test_the_rank_as_of_when_it_was_worked_out(website: Website) -> None:
    row = writers.writer(website)
    stand(row, rank=2, ranked=7)
    found = level(row).rank
    assert found is not None
    assert (found.rank, found.of, found.as_of) == (2, 7, NOON)
    assert [factor.name for factor in found.factors] == ["rating", "completion", "on_time", "revision"]


def test_a_websites_own_requirements(website: Website) -> None:
    two = {"code": "two", "name": "Two", "rank": 2, "academic_rank": 4, "needs_orders": 3}
    writers.levels(website, {"code": "one", "name": "One", "rank": 1, "academic_rank": 2}, two)
    policy = WriterPolicy.of(website)
    assert (policy.above("one"), policy.above("two")) == (policy.level("two"), None)
    found = level(writers.writer(website, level="one", completed_orders=3)).next_level
    assert found is not None
    assert found.eligible


def test_who_has_no_profile(website: Website) -> None:
    with pytest.raises(NotFound):
        writer_level(actor(accounts.membership(website, "writer")))
