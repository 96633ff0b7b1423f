"""Files in and out over HTTP."""

from __future__ import annotations

from typing import IO, Any

from django.http import FileResponse, HttpResponse
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from copydesk.api.access import called
from copydesk.files.errors import FileTooLarge
from copydesk.files.gateway import open_content
from copydesk.files.models import File
from copydesk.files.policies import FilePolicy

BESIDE_THE_FILE = 64 * 1024


class UploadParser(MultiPartParser):
    """Refuses by its length a body that no file of this website can have, before it is read."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        request: Request = parser_context["request"]
        actor = called(request).actor
        assert actor is not None
        most = FilePolicy.of(actor.website).max_bytes
        if int(request.META.get("CONTENT_LENGTH") or 0) > most + BESIDE_THE_FILE:
            raise FileTooLarge(f"Files may have up to {most // (1024 * 1024)} MB.", max_bytes=most)
        return super().parse(stream, media_type, parser_context)


def download(request: Request, file: File) -> FileResponse | HttpResponse:
    """The stored bytes, as an attachment; 304 to whoever has them already. Their hash is the ETag."""
    tag = f'"{file.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    if tag in {known.strip() for known in request.headers.get("If-None-Match", "").split(",")}:
        return HttpResponse(status=304, headers=headers)
    headers |= {"Content-Length": str(file.size), "Content-Security-Policy": "sandbox"}
    return FileResponse(
        open_content(file),
        as_attachment=True,
        filename=file.name,
        content_type=file.content_type,
        headers=headers,
    )
