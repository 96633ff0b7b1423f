"""What is accepted, told by content: extension → content type, and how it is checked and cleaned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import archives, documents, images


@dataclass(frozen=True, slots=True)
class Format:
    """`clean` gives the bytes to keep. Raises FileTypeNotAllowed where the content is another one than the name says,
    or carries macros; FileUnreadable where it is broken."""

    content_type: str
    clean: Callable[[bytes], bytes]


OFFICE = "application/vnd.openxmlformats-officedocument"
ODF = "application/vnd.oasis.opendocument"

DOCUMENTS = {
    "pdf": Format("application/pdf", documents.clean_pdf),
    "docx": Format(f"{OFFICE}.wordprocessingml.document", archives.office("word/document.xml")),
    "xlsx": Format(f"{OFFICE}.spreadsheetml.sheet", archives.office("xl/workbook.xml")),
    "pptx": Format(f"{OFFICE}.presentationml.presentation", archives.office("ppt/presentation.xml")),
    "doc": Format("application/msword", documents.legacy("WordDocument")),
    "xls": Format("application/vnd.ms-excel", documents.legacy("Workbook", "Book")),
    "ppt": Format("application/vnd.ms-powerpoint", documents.legacy("PowerPoint Document")),
    "odt": Format(f"{ODF}.text", archives.open_document(f"{ODF}.text")),
    "ods": Format(f"{ODF}.spreadsheet", archives.open_document(f"{ODF}.spreadsheet")),
    "odp": Format(f"{ODF}.presentation", archives.open_document(f"{ODF}.presentation")),
    "rtf": Format("application/rtf", documents.clean_rtf),
    "txt": Format("text/plain", documents.clean_text),
    "md": Format("text/markdown", documents.clean_text),
    "csv": Format("text/csv", documents.clean_text),
    **{name: Format(f"image/{name.replace('jpg', 'jpeg')}", clean) for name, clean in images.CLEANERS.items()},
}


def clean_member(name: str, content: bytes) -> bytes:
    """A document inside a zip is cleaned as it would be outside; other members stay as they are."""
    format_ = DOCUMENTS.get(name.rpartition(".")[2].lower())
    return format_.clean(content) if format_ and content else content


FORMATS = {**DOCUMENTS, "zip": Format("application/zip", archives.clean_zip(clean_member))}
