"""A website with all it needs: its policies, and an admin who is invited by mail."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copydesk.core.errors import Refusal
from copydesk.platform.provisioning import create_website

from .create_superadmin import said


class Command(BaseCommand):
    help = "Creates a website that is ready for orders, and invites its first admin by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="how callers name it: X-Website: <slug>")
        parser.add_argument("name", help="how people know it")
        parser.add_argument("--currency", required=True, help="three capital letters, such as USD")
        parser.add_argument("--timezone", required=True, help="such as America/New_York")
        parser.add_argument("--domain", default="", help="its own domain, where it has one")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="its first admin")

    def handle(self, *args: Any, admin: str, **options: Any) -> None:
        given = {name: options[name] for name in ("slug", "name", "currency", "timezone", "domain")}
        try:
            website = create_website(**given, admin_email=admin)
        except Refusal as refusal:
            raise CommandError(said(refusal)) from refusal
        self.stdout.write(f"Website {website.slug} created; {admin} is invited by mail, which the worker sends.")
