"""Fills an empty database with the benchmark's world, for `run.py bench`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from copydesk.core import clock
from copydesk.demo.bench.load import load_large
from copydesk.orders.actions.kept import keep_dwells, keep_forms
from copydesk.reviews.actions import rank_writers
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope

from .load_demo import PASSWORD


class Command(BaseCommand):
    help = "Loads the benchmark's world. Only with COPYDESK_DEMO=1, and as COPYDESK_ROLE=owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, required=True, help="of all websites together")
        parser.add_argument("--processes", type=int, default=2)
        parser.add_argument("--json", type=Path, required=True, help="what was loaded, how long it took")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The benchmark's accounts are known to everybody: set COPYDESK_DEMO=1 to load them.")
        if Website.objects.exists():
            raise CommandError("There are websites already: the benchmark fills an empty database.")
        now = clock.now()
        connection.ensure_connection()
        info = {**connection.connection.info.get_parameters(), "password": connection.connection.info.password}
        connection.close()
        loaded = load_large(
            info,
            options["orders"],
            now=now,
            password=make_password(PASSWORD),
            processes=options["processes"],
            told=self.stdout.write,
        )
        with loaded.timed("writers ranked", self.stdout.write):
            rank_all(Website.objects.order_by("pk"), now)
        options["json"].write_text(json.dumps(asdict(loaded)))


def rank_all(websites: Iterable[Website], now: dt.datetime) -> None:
    """What the clock's jobs work out of what was loaded."""
    for website in websites:
        with website_scope(website.pk):
            rank_writers(website, now)
            keep_forms(website, now)
            keep_dwells(website, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_dwell, orders_form, writers_writer")
