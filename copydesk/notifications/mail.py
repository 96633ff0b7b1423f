"""Where mail goes until a server for it is set: to the console, and each to a file."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from copydesk.core import clock

_counter = itertools.count(1)


class ConsoleAndFileBackend(BaseEmailBackend):
    """One .eml file a mail, under EMAIL_FILE_PATH, named by time so that they sort."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%d-%H%M%S-%f}-{os.getpid()}-{next(_counter)}.eml"
            unfinished = folder / f".{name}"
            unfinished.write_bytes(message.message().as_bytes())
            unfinished.rename(folder / name)
            to = ", ".join(message.recipients())
            sys.stdout.write(f"\nMail to {to}: {message.subject}\n{message.body}\n({folder / name})\n\n")
        sys.stdout.flush()
        return len(email_messages)
