"""Storing an upload: checked by its content, cleaned, written, and only then a row."""

from __future__ import annotations

from django.core.files.base import File as Upload

from copydesk.accounts.actor import Actor

from . import gateway
from .errors import EmptyFile, FileTooLarge, FileTypeNotAllowed
from .formats import FORMATS
from .models import File
from .names import clean_name, extension_of
from .policies import FilePolicy


def store_file(upload: Upload[bytes], *, by: Actor, name: str | None = None) -> File:
    """Keeps `upload` as a new immutable file; `name` in place of the upload's own. Two queries.

    The content is durable before the row is added: a process killed between leaves content that no row knows, never a
    row without content. Whoever attaches the file records the event.
    Raises EmptyFile, FileTooLarge, FileTypeNotAllowed, FileUnreadable.
    """
    policy = FilePolicy.of(by.website)
    cleaned = clean_name(name or upload.name or "")
    content = read_up_to(upload, policy.max_bytes)
    extension = extension_of(cleaned)
    if extension not in policy.types:
        raise FileTypeNotAllowed(
            f"Files of type '{extension}' are not accepted." if extension else "The file's name has no extension.",
            allowed=list(policy.types),
        )
    format_ = FORMATS[extension]
    stored = format_.clean(content)
    key, sha256 = gateway.keep_content(by.website.pk, stored)
    return File.objects.of(by.website).create(
        uploader_id=by.membership_id,
        name=cleaned,
        content_type=format_.content_type,
        size=len(stored),
        sha256=sha256,
        storage_key=key,
    )


def read_up_to(upload: Upload[bytes], most: int) -> bytes:
    """The size is counted, not believed."""
    parts: list[bytes] = []
    size = 0
    for chunk in upload.chunks():
        size += len(chunk)
        if size > most:
            raise FileTooLarge(f"Files may have up to {most // (1024 * 1024)} MB.", max_bytes=most)
        parts.append(chunk)
    if not size:
        raise EmptyFile
    return b"".join(parts)
