"""The first superadmin. The password is asked for, or taken from the environment: never an argument that others see."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copydesk.core.errors import Invalid, Refusal
from copydesk.platform.provisioning import create_superadmin

VARIABLE = "COPYDESK_SUPERADMIN_PASSWORD"


class Command(BaseCommand):
    help = f"Creates an account that stands above websites. Asks for its password, or takes it from {VARIABLE}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            create_superadmin(email, os.environ.get(VARIABLE) or _asked())
        except Refusal as refusal:
            raise CommandError(said(refusal)) from refusal
        self.stdout.write(f"Superadmin {email} created.")


def _asked() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password, once more: "):
        raise CommandError("They are not the same.")
    return password


def said(refusal: Refusal) -> str:
    if isinstance(refusal, Invalid):
        return " ".join(f"{error.field}: {error.message}" for error in refusal.errors)
    return refusal.detail
