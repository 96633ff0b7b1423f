"""Measures the server of `run.py bench`, which has started it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from copydesk.demo.bench.measure import Pace, measure
from copydesk.demo.bench.people import askers, largest_website
from copydesk.demo.bench.report import missed, table
from copydesk.demo.bench.writes import measure_writes

WARM = 28
"""A statement is planned anew in its first seven runs on a connection; each of the server's four threads has one."""


class Command(BaseCommand):
    help = "Measures every GET route and three writes; for `run.py bench`, and as COPYDESK_ROLE=owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True)
        parser.add_argument("--loaded", type=Path, required=True, help="what load_bench has written")
        parser.add_argument("--rounds", type=int, default=4)
        parser.add_argument("--warm", type=int, default=WARM, help="requests of each route before those that count")
        parser.add_argument("--counted", type=int, default=15)
        parser.add_argument("--writes", type=int, default=15, help="orders of each of the eight callers")
        parser.add_argument("--json", type=Path)
        parser.add_argument("--against", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = orjson.loads(options["loaded"].read_bytes())
        against = orjson.loads(options["against"].read_bytes()) if options["against"] else None
        pace = Pace(options["rounds"], options["warm"], options["counted"])
        website = largest_website()
        people = askers(website)
        floor_ms, routes, unseen = measure(options["url"], people, pace)
        figures = {
            "orders": loaded["orders"],
            "floor_p50_ms": floor_ms,
            "routes": routes,
            "writes": measure_writes(options["url"], website, people, options["writes"]),
        }
        if options["json"]:
            options["json"].write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
        took = sum(loaded["seconds"].values())
        self.stdout.write(
            f"Loaded: {loaded['rows']} rows in {took:.0f} s (fsync off), {loaded['disk_bytes'] / 2**30:.2f} GiB."
        )
        for line in table(figures):
            self.stdout.write(line)
        for said, lines in (("Not measured", unseen), ("Goal missed", missed(figures, against))):
            for line in lines:
                self.stdout.write(f"{said}: {line}")
