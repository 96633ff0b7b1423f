"""What the clock does to the rows that a sweep finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from copydesk.core.errors import Refusal
from copydesk.tenancy.models import Website

from .actor import Actor

BATCH = 500
"""Rows of one run; the next one has the others."""


def sweep_each(rows: Any, act: Callable[..., object], website: Website) -> None:
    """One savepoint a row: what has moved on meanwhile refuses, and the others go on."""
    for row in rows.order_by("id")[:BATCH]:
        try:
            with transaction.atomic():
                act(row, by=Actor.system(website))
        except Refusal:
            continue
