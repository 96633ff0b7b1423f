"""What a message is refused with."""

from __future__ import annotations

from copydesk.core.errors import NotFound


class AttachmentNotFound(NotFound):
    code = "attachment_not_found"
    message = "There is no such file here."
