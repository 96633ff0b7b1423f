"""Fills an empty database with the demonstration world; does nothing where that is there already."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from copydesk.core import clock
from copydesk.demo.world import DEMO_SITES, World, load
from copydesk.tenancy.models import Website

PASSWORD = "copydesk-demo"  # noqa: S105 (the demonstration's, known to everybody)


class Command(BaseCommand):
    help = "Loads the demonstration world. Only with COPYDESK_DEMO=1, and as COPYDESK_ROLE=owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=1_500, help="of each website")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration's accounts are known to everybody: set COPYDESK_DEMO=1 to load them.")
        if Website.objects.filter(slug__in=[site.slug for site in DEMO_SITES]).exists():
            self.stdout.write("The demonstration world is there already.")
            return
        world = World(
            sites=DEMO_SITES,
            orders=options["orders"],
            clients=200,
            writers=60,
            tickets=options["orders"] // 5,
            now=clock.now(),
            password=make_password(PASSWORD),
        )
        connection.ensure_connection()
        rows = load(connection.connection, world, told=self.stdout.write)
        self.stdout.write(f"Loaded {rows} rows.")
