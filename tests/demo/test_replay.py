"""The generator writes what the actions would have written: a whole small website is done again through them."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest

from copydesk.demo.stage import Step
from copydesk.demo.world import Site, World, load
from copydesk.orders.models import Status
from tests.database import url_as
from tests.demo.compare import Comparison
from tests.demo.replay import Replay
from tests.factories import tenancy

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
ATLAS = Site("atlas", "Atlas Writing", "USD", "America/New_York")


@pytest.mark.django_db(transaction=True)
def test_the_actions_write_the_same_rows() -> None:
    world = World((ATLAS,), orders=60, clients=14, writers=16, now=NOW, password="!", days=120)
    scripts: dict[str, list[Step]] = {}
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, world, scripts=scripts)
        found = owner.execute("SELECT id, created_at FROM tenancy_website").fetchone()
        assert found is not None
        again = tenancy.website("again", created_at=found[1])

        Replay(again).play(scripts["atlas"])

        compared = Comparison(owner, found[0], again.pk)
        assert not compared.differences, "\n".join(compared.differences[:60])
        statuses = {row[0] for row in owner.execute("SELECT DISTINCT status FROM orders_order").fetchall()}
    assert statuses == {status.value for status in Status}
    assert {table for table, rows in compared.compared.items() if not rows} == set()
    assert {step.name for step in scripts["atlas"]} >= {"reassign", "release", "expire", "cancel", "dispute", "tip"}
