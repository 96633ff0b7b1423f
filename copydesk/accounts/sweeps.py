"""What the clock does to the rows that a sweep finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from copydesk.core.errors import Refusal
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import in_transaction

from .actor import Actor

BATCH = 500
"""Rows of one run; the next one has the others."""


def sweep_each(rows: Any, act: Callable[..., object], website: Website) -> None:
    """For a sweep that is not atomic: one transaction a row, so that of two rows' locks nobody waits for both. What has
    moved on meanwhile refuses, and the others go on."""
    with in_transaction():
        found = list(rows.order_by("id")[:BATCH])
    for row in found:
        try:
            with transaction.atomic():
                act(row, by=Actor.system(website))
        except Refusal:
            continue
