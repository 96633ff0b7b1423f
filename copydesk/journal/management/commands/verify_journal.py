"""Verifies the journal's chains of seals: exit code 0 when they are whole, 1 when anything was tampered with."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copydesk.journal.seals import SEALED_MESSAGE, verify
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import PLATFORM, across_websites, website_scope


class Command(BaseCommand):
    help = "Finds events or seals that were edited, removed or added behind, and chains that were cut short."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--website", metavar="SLUG", help="only this one; all and the platform otherwise")
        parser.add_argument("--heads", type=Path, metavar="FILE", help="a log kept elsewhere: its lines of seals made")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, heads = options["website"], options["heads"]
        websites = _websites(slug)
        if slug and not websites:
            raise CommandError(f"There is no website {slug}.")
        kept = _kept(heads) if heads else {}
        whole = True
        for website_id, name in websites.items():
            with website_scope(website_id):
                found = verify(website_id, kept.get(website_id))
            whole = whole and found.whole
            verdict = "whole" if found.whole else "TAMPERED WITH"
            numbers = f"{found.events} events in {found.seals} seals, {found.unsealed} not sealed yet"
            self.stdout.write(f"{name}: {verdict}. {numbers}; head {found.head or 'none'}")
            for finding in found.findings:
                event = "" if finding.event_id is None else f", event {finding.event_id}"
                self.stdout.write(f"  {finding.trouble} at seal {finding.seal}{event}: {finding.detail}")
        if not whole:
            sys.exit(1)


def _websites(slug: str | None) -> dict[int, str]:
    with across_websites():
        rows = Website.objects.order_by("slug").values_list("id", "slug")
        found = dict(rows.filter(slug=slug) if slug else rows)
    return found if slug else {PLATFORM: "platform", **found}


def _kept(file: Path) -> dict[int, dict[int, str]]:
    """Website → seal number → hash, from the lines that sealing wrote; others are passed over."""
    kept: dict[int, dict[int, str]] = defaultdict(dict)
    for line in file.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("event") == SEALED_MESSAGE:
            kept[int(entry["website_id"])][int(entry["seal"])] = str(entry["hash"])
    return kept
