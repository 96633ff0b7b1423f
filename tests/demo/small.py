"""A small world, as it was asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg

from copydesk.demo.world import DEMO_SITES, World

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
WORLD = World(DEMO_SITES, orders=90, clients=14, writers=16, tickets=16, now=NOW, password="!", days=120)
Owner = psycopg.Connection[Any]


def rows(owner: Owner, query: str) -> list[tuple[Any, ...]]:
    return owner.execute(query.encode()).fetchall()
