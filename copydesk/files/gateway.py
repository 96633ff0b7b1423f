"""Content goes to Django's default storage: a folder, or what COPYDESK_STORAGE names."""

from __future__ import annotations

import hashlib
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from .models import File


def keep_content(website_id: int, content: bytes) -> tuple[str, str]:
    """(storage key, sha256 in hex). Durable when it returns. The same content on the same website is kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"{website_id}/{sha256[:2]}/{sha256}"
    if not (default_storage.exists(key) and default_storage.size(key) == len(content)):
        default_storage.delete(key)
        stored = default_storage.save(key, ContentFile(content))
        if stored != key:
            # Another process was faster; its content is the same, and storages never overwrite.
            default_storage.delete(stored)
    return key, sha256


def open_content(file: File) -> IO[bytes]:
    return default_storage.open(file.storage_key, "rb")
