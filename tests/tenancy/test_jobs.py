"""The tests' own runner of jobs, and what every job stands on."""

import datetime as dt

import pytest
from procrastinate.contrib.django import app

from copydesk.tenancy.jobs import defer, job
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import current_website_id, website_scope
from tests.jobs import queued, run_jobs

pytestmark = pytest.mark.django_db

ran: list[tuple[str, int, int | None]] = []


@job("tests.first")
def first(website: Website, *, number: int) -> None:
    ran.append((website.slug, number, current_website_id()))
    if number:
        defer("tests.first", website.pk, number=number - 1)


@job("tests.failing", atomic=False)
def failing(website: Website) -> None:
    raise ValueError(website.slug)


@pytest.fixture
def website() -> Website:
    ran.clear()
    with website_scope(71):
        return Website.objects.create(
            id=71,
            slug="one",
            name="One",
            currency="USD",
            timezone="UTC",
            created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )


def test_jobs_run_in_order_in_their_website_with_those_they_queue(website: Website) -> None:
    defer("tests.first", website.pk, number=2)
    defer("tests.first", website.pk, number=0)
    assert run_jobs() == ["tests.first"] * 4
    assert ran == [("one", 2, 71), ("one", 0, 71), ("one", 1, 71), ("one", 0, 71)]
    assert queued() == []


def test_a_job_for_later_waits(website: Website) -> None:
    app.configure_task("tests.first", schedule_in={"hours": 1}).defer(website_id=website.pk, number=0)
    assert run_jobs() == []
    assert queued() == [("tests.first", {"website_id": 71, "number": 0})]


def test_what_a_job_raises_is_raised(website: Website) -> None:
    defer("tests.failing", website.pk)
    with pytest.raises(ValueError, match="one"):
        run_jobs()
