"""What an upload is refused with."""

from __future__ import annotations

from copydesk.core.errors import Refusal


class EmptyFile(Refusal):
    code = "empty_file"
    status = 400
    message = "The file is empty."


class FileUnreadable(Refusal):
    """Broken, encrypted, or larger when unpacked than anything honest."""

    code = "file_unreadable"
    status = 400
    message = "The file is damaged, locked by a password, or cannot be read."


class FileTooLarge(Refusal):
    code = "file_too_large"
    status = 413
    message = "The file is too large."


class FileTypeNotAllowed(Refusal):
    code = "file_type_not_allowed"
    status = 415
    message = "Files of this type are not accepted, or the content is not what the name says."
