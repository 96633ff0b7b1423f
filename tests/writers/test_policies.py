"""What levels allow and pay."""

import pytest

from copydesk.tenancy.scope import website_scope
from copydesk.writers.policies import Level, WriterPolicy
from tests.factories import writers as make
from tests.factories.tenancy import website


def test_pay_is_a_share_of_the_price() -> None:
    assert Level("a", "A", rank=1, academic_rank=1, pay_share_bps=4_500).pay_minor(pages=3, price_minor=1_001) == 450


def test_pay_by_page_stands_before_the_share_and_never_above_the_price() -> None:
    level = Level("a", "A", rank=1, academic_rank=1, pay_share_bps=4_500, pay_per_page_minor=700)
    assert level.pay_minor(pages=3, price_minor=5_000) == 2_100
    assert level.pay_minor(pages=3, price_minor=2_000) == 2_000


def test_a_tip_goes_whole_or_by_the_share_of_the_level() -> None:
    assert Level("a", "A", rank=1, academic_rank=1).tip_minor(333) == 333
    assert Level("a", "A", rank=1, academic_rank=1, tip_share_bps=9_000).tip_minor(333) == 300


def test_limits_are_those_of_the_rules() -> None:
    assert {(level.max_open_requests, level.max_active_orders) for level in WriterPolicy().levels} == {(5, 10)}


def test_an_abolished_level_counts_as_the_entry_level() -> None:
    assert WriterPolicy().level("gone").code == "junior"


def test_fit_grows_with_the_rank() -> None:
    policy = WriterPolicy()
    assert [policy.fit(level.code) for level in policy.levels] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.django_db
def test_a_website_has_its_own_levels_lowest_first() -> None:
    atlas = website()
    make.levels(
        atlas,
        {"code": "two", "name": "Two", "rank": 2, "academic_rank": 4, "max_active_orders": 3},
        {"code": "one", "name": "One", "rank": 1, "academic_rank": 2, "pay_per_page_minor": 500},
    )
    with website_scope(atlas.pk):
        policy = WriterPolicy.of(atlas)
    assert policy.version == 1
    assert policy.entry.code == "one"
    assert policy.level("two").max_active_orders == 3
