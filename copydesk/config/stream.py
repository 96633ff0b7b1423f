"""The live stream's process: `uvicorn copydesk.config.stream:application`. ASGI, nothing but the one path."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copydesk.config.settings")
django.setup()

from copydesk.journal.stream import Application  # noqa: E402 — Django first

application = Application()
