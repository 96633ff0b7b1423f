"""Single-file documents: what they say about their authors is taken out, what they could run is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator

import pypdf
from pypdf.generic import DictionaryObject, PdfObject

from . import ole
from .errors import FileTypeNotAllowed, FileUnreadable

RUNNABLE = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm")
MACROS = frozenset({"Macros", "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA_PROJECT_CUR"})
PRINTABLE_CONTROLS = b"\t\n\r\f\x1b"
CONTROLS = bytes(set(range(0x20)) - set(PRINTABLE_CONTROLS))
RTF_PRIVATE = re.compile(rb"\{\s*(?:\\\*\s*)?\\(info|revtbl|userprops|xmlnstbl|annotations|atnauthor|atnid)\b")


def clean_pdf(content: bytes) -> bytes:
    """Without document information, XMP, comments' authors, scripts and attached files. Opened where only editing is
    locked; one that needs a password to be read is refused."""
    if not content.startswith(b"%PDF-"):
        raise FileTypeNotAllowed
    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileUnreadable("The document is locked by a password.")
        writer = pypdf.PdfWriter(clone_from=reader)
        if not writer.pages:
            raise FileUnreadable
        writer.metadata = None
        writer.xmp_metadata = None
        _strip_catalogue(writer.root_object)
        for page in writer.pages:
            _strip_page(page)
        out = io.BytesIO()
        writer.write(out)
    except FileUnreadable:
        raise
    # The library raises whatever a hostile document makes it stumble over.
    except Exception as error:
        raise FileUnreadable from error
    return out.getvalue()


def _strip_catalogue(root: DictionaryObject) -> None:
    for key in ("/Metadata", "/AA", "/PieceInfo", "/AF"):
        root.pop(key, None)
    if _runs(root.get("/OpenAction")):
        root.pop("/OpenAction")
    names = _dictionary(root.get("/Names"))
    for key in ("/JavaScript", "/EmbeddedFiles"):
        names.pop(key, None)


def _strip_page(page: DictionaryObject) -> None:
    for key in ("/Metadata", "/AA", "/PieceInfo", "/LastModified"):
        page.pop(key, None)
    for annotation in _list(page.get("/Annots")):
        annotation.pop("/AA", None)
        if annotation.get("/Subtype") != "/Widget":
            annotation.pop("/T", None)
        if annotation.get("/Subtype") == "/FileAttachment":
            annotation.pop("/FS", None)
        if _runs(annotation.get("/A")):
            annotation.pop("/A")
    resources = _dictionary(page.get("/Resources"))
    for inner in _dictionary(resources.get("/XObject")).values():
        found = _dictionary(inner)
        for key in ("/Metadata", "/PieceInfo"):
            found.pop(key, None)


def _runs(action: PdfObject | None) -> bool:
    return _dictionary(action).get("/S") in RUNNABLE


def _dictionary(value: PdfObject | None) -> DictionaryObject:
    found = value.get_object() if value is not None else None
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _list(value: PdfObject | None) -> Iterator[DictionaryObject]:
    found = value.get_object() if value is not None else None
    items: Iterable[PdfObject] = found if isinstance(found, list) else ()
    for item in items:
        inner = item.get_object()
        if isinstance(inner, DictionaryObject):
            yield inner


def legacy(*streams: str) -> Callable[[bytes], bytes]:
    """The binary formats of old, of the kind that `streams` tell: without author, and refused with macros."""

    def clean(content: bytes) -> bytes:
        if not content.startswith(ole.MAGIC):
            raise FileTypeNotAllowed
        names = ole.stream_names(content)
        if not names.intersection(streams):
            raise FileTypeNotAllowed
        if names & MACROS:
            raise FileTypeNotAllowed("Documents with macros are not accepted.")
        return ole.without_author(content)

    return clean


def clean_rtf(content: bytes) -> bytes:
    """Without its groups about authors. Embedded objects are refused: they are how such files run programs."""
    if not content.startswith(b"{\\rtf"):
        raise FileTypeNotAllowed
    if re.search(rb"\\obj(?:data|ocx|emb|autlink)", content):
        raise FileTypeNotAllowed("Documents with embedded objects are not accepted.")
    kept: list[bytes] = []
    at = 0
    for match in RTF_PRIVATE.finditer(content):
        if match.start() < at:
            continue
        kept.append(content[at : match.start()])
        at = _end_of_group(content, match.start())
    return b"".join([*kept, content[at:]])


def _end_of_group(content: bytes, at: int) -> int:
    depth = 0
    for match in re.compile(rb"\\.|[{}]", re.DOTALL).finditer(content, at):
        token = match.group()
        depth += (token == b"{") - (token == b"}")
        if depth == 0:
            return match.end()
    raise FileUnreadable


def clean_text(content: bytes) -> bytes:
    """Text in UTF-8, UTF-16 with its mark, or an eight-bit alphabet: told by what text never holds."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise FileUnreadable from error
        return content
    if content.translate(None, CONTROLS) != content:
        raise FileTypeNotAllowed
    return content
