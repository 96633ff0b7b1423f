"""Rows of several sets, counted at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db.models.expressions import RawSQL

from copydesk.accounts.models import Membership
from copydesk.tenancy.counts import Tab, counted_page, counted_tab, tab_counts
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tenancy.sql import holds
from tests.factories import accounts, tenancy

pytestmark = pytest.mark.django_db

TABS: Mapping[str, Tab] = {
    "all": Tab(),
    "editors": Tab(holds("role = %(role)s", role="editor")),
    "late": Tab(holds("number > %(least)s AND role = %(role)s", least=2, role="editor")),
}


@pytest.fixture
def website(db: None) -> Iterator[Website]:
    other, website = tenancy.website("other"), tenancy.website()
    with website_scope(other.pk):
        accounts.membership(other, "editor")
    with website_scope(website.pk):
        for role in ("client", "editor", "editor"):
            accounts.membership(website, role)
        yield website


def test_in_one_pass_as_one_by_one(website: Website, django_assert_num_queries: Callable[[int], Any]) -> None:
    rows = Membership.objects.of(website).order_by("number")
    with django_assert_num_queries(1):
        found = tab_counts(rows, TABS, 2)
    assert found == {name: tab(rows).count() for name, tab in TABS.items()} == {"all": 3, "editors": 2, "late": 1}


def test_of_no_rows(website: Website) -> None:
    assert tab_counts(Membership.objects.of(website).none(), TABS, 2) == {"all": 0, "editors": 0, "late": 0}


def test_what_stands_apart_is_counted_no_further_than_asked(
    website: Website, django_assert_num_queries: Callable[[int], Any]
) -> None:
    apart = {name: Tab(tab.condition, apart=True) for name, tab in TABS.items()}
    rows = Membership.objects.of(website).order_by("number")
    for most, found in ((2, {"all": 2, "editors": 2, "late": 1}), (9, {"all": 3, "editors": 2, "late": 1})):
        with django_assert_num_queries(1):
            assert tab_counts(rows, apart, most) == found
    clients = Tab(holds("role = %(role)s", role="client"), apart=True)
    known = {"editors": TABS["editors"], "clients": clients, "late": TABS["late"], "all others": Tab()}
    assert tab_counts(rows, known, 1) == {"editors": 2, "clients": 1, "late": 1, "all others": 2}
    assert tab_counts(rows.none(), apart, 2) == {"all": 0, "editors": 0, "late": 0}


def test_of_rows_that_nothing_narrows_or_one_of_two_things(website: Website) -> None:
    """The first by the wall of the database alone."""
    for rows in (Membership.objects.all(), Membership.objects.of(website) | Membership.objects.filter(number=0)):
        for tabs in (TABS, {name: Tab(tab.condition, apart=True) for name, tab in TABS.items()}):
            assert tab_counts(rows, tabs, 9) == {"all": 3, "editors": 2, "late": 1}


def test_a_condition_says_what_it_is_about_by_name(website: Website) -> None:
    condition = holds("role = %(role)s AND number < %(most)s AND role <> %(not_role)s", role="a", most=3, not_role="b")
    assert isinstance(condition, RawSQL)
    assert (condition.sql, condition.params) == ("role = %s AND number < %s AND role <> %s", ["a", 3, "b"])


def test_a_page_with_how_many_there_are(website: Website, django_assert_num_queries: Callable[[int], Any]) -> None:
    """Of models and of ids; two queries beyond the last page, none of what is empty by its filters."""
    rows = Membership.objects.of(website).order_by("number")
    known = list(rows)
    for asked, all_of_them in ((rows, known), (rows.ids(), [row.pk for row in known])):
        for start, most, total in ((0, 9, 3), (2, 9, 3), (0, 2, 2)):
            with django_assert_num_queries(1):
                assert counted_page(asked, start, 2, most) == (all_of_them[start : start + 2], total)
        with django_assert_num_queries(2):
            assert counted_page(asked, 4, 2, 9) == ([], 3)
        with django_assert_num_queries(1):
            assert counted_page(asked.filter(number=9), 0, 2, 9) == ([], 0)
        with django_assert_num_queries(0):
            assert counted_page(asked.none(), 0, 2, 9) == ([], 0)


def test_a_page_of_a_tab_with_what_each_has(website: Website, django_assert_num_queries: Callable[[int], Any]) -> None:
    """Of ids one query, also where they are sorted by what a DISTINCT has to read beside them; of models two."""
    rows = Membership.objects.of(website).order_by("-number")
    counts = {"all": 3, "editors": 2, "late": 1}
    known = list(rows.all())
    for asked, found in ((rows, known), (rows.distinct().ids(), [row.pk for row in known])):
        of_ids = asked is not rows
        for tab, there in (("all", found), ("editors", found[:2]), ("late", found[:1])):
            with django_assert_num_queries(1 if of_ids else 2):
                assert counted_tab(asked, TABS, tab, 0, 2, 9) == (counts, there[:2])
        with django_assert_num_queries(1):
            assert counted_tab(asked, TABS, "editors", 2, 2, 9) == (counts, [])
        with django_assert_num_queries(1 if of_ids else 2):
            assert counted_tab(asked, TABS, "all", 2, 2, 9) == (counts, found[2:])
        with django_assert_num_queries(0):
            assert counted_tab(asked.none(), TABS, "all", 0, 2, 9) == (dict.fromkeys(TABS, 0), [])
