"""Formats that are zip archives: checked member by member, cleaned, packed again without dates."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable

from copydesk.core.errors import Refusal

from . import images
from .errors import FileTypeNotAllowed, FileUnreadable

MOST_MEMBERS = 5_000
MOST_BYTES = 400 * 1024 * 1024
MOST_RATIO = 200
RATIO_FROM = 10 * 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)

# fmt: off
RUNNABLE = frozenset({
    "exe", "dll", "com", "scr", "pif", "msi", "msp", "msix", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "wsf", "wsh",
    "hta", "jar", "app", "dmg", "pkg", "deb", "rpm", "apk", "ipa", "lnk", "reg", "cpl", "sys", "iso", "img", "docm",
    "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "chm",
})
# fmt: on
RUNNABLE_MAGIC = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
NESTED = frozenset(["zip", "rar", "7z", "tar", "gz", "bz2", "xz", "tgz", "zst"])

Cleaner = Callable[[str, bytes], bytes | None]
"""(name of the member, content) → what to keep of it; None: nothing."""

CORE = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp="http://schemas.'
    b'openxmlformats.org/package/2006/metadata/core-properties"/>'
)
APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/extended-properties"/>'
)
CUSTOM = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/custom-properties"/>'
)
PROPERTIES = {"docProps/core.xml": CORE, "docProps/app.xml": APP, "docProps/custom.xml": CUSTOM}
ODF_META = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:'
    b'xmlns:office:1.0" office:version="1.3"><office:meta/></office:document-meta>'
)

VALUE = rb"""=\s*(?:"[^"]*"|'[^']*')"""
WORD_AUTHORS = re.compile(rb"(\s(?:[\w.-]+:)?(?:author|initials))" + VALUE)
WORD_PEOPLE = re.compile(rb"<((?:[\w.-]+:)?person)\b[^>]*?(?:/>|>.*?</\1>)", re.DOTALL)
WORD_TEMPLATE = re.compile(rb"<(?:[\w.-]+:)?attachedTemplate\b[^>]*/>|<Relationship\b[^>]*attachedTemplate[^>]*/>")
SHEET_AUTHORS = re.compile(rb"(<((?:[\w.-]+:)?author)>)[^<]*(</\2>)")
SHEET_PERSONS = re.compile(rb"(\s(?:displayName|userId|userName))" + VALUE)
SHEET_PATH = re.compile(rb"(<(?:[\w.-]+:)?absPath\b[^>]*\surl)" + VALUE)
SLIDE_AUTHORS = re.compile(rb"(\s(?:name|initials|userId))" + VALUE)
ODF_CREATORS = re.compile(rb"(<((?:dc:creator|meta:creator-initials|text:sender-[\w-]+))\b[^>]*>)[^<]*(</\2>)")
MACRO_TYPES = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)


def office(main_part: str) -> Callable[[bytes], bytes]:
    """Word, Excel and PowerPoint since 2007. Without properties, without authors of changes and comments."""

    def clean(content: bytes) -> bytes:
        archive = _open(content)
        names = archive.NameToInfo
        if main_part not in names or "[Content_Types].xml" not in names:
            raise FileTypeNotAllowed
        if MACRO_TYPES.search(_read(archive, "[Content_Types].xml")):
            raise FileTypeNotAllowed("Documents with macros are not accepted.")
        return _rewrite(archive, _clean_part)

    return clean


def _clean_part(name: str, content: bytes) -> bytes:
    if name in PROPERTIES:
        return PROPERTIES[name]
    if re.search(r"vbaProject|vbaData", name, re.IGNORECASE):
        raise FileTypeNotAllowed("Documents with macros are not accepted.")
    if "/media/" in name:
        return _clean_picture(name, content)
    if not name.endswith((".xml", ".rels")):
        return content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileUnreadable
    return _without_authors(name, content)


def _without_authors(name: str, content: bytes) -> bytes:
    folder = name.partition("/")[0]
    if folder == "word":
        content = WORD_TEMPLATE.sub(b"", content)
        if name.endswith("/people.xml"):
            return WORD_PEOPLE.sub(b"", content)
        return WORD_AUTHORS.sub(rb'\1="Author"', content)
    if folder == "xl":
        content = SHEET_PATH.sub(rb'\1=""', content)
        if "/persons/" in name or name.endswith("workbook.xml"):
            content = SHEET_PERSONS.sub(rb'\1=""', content)
        return SHEET_AUTHORS.sub(rb"\1\3", content) if "comments" in name else content
    if folder == "ppt" and name.lower().endswith("authors.xml"):
        return SLIDE_AUTHORS.sub(rb'\1=""', content)
    return content


def _clean_picture(name: str, content: bytes) -> bytes:
    """A picture that cannot be read is the document's own trouble: it stays as it is."""
    clean = images.CLEANERS.get(name.rpartition(".")[2].lower())
    if clean is None:
        return content
    try:
        return clean(content)
    except Refusal:
        return content


def open_document(media_type: str) -> Callable[[bytes], bytes]:
    """OpenDocument: without meta data, without authors of changes and comments; those with macros are refused."""

    def clean(content: bytes) -> bytes:
        archive = _open(content)
        names = archive.NameToInfo
        if "content.xml" not in names or _read(archive, "mimetype").strip() != media_type.encode():
            raise FileTypeNotAllowed
        return _rewrite(archive, clean_part)

    def clean_part(name: str, content: bytes) -> bytes | None:
        if name.startswith(("Basic/", "Scripts/")) and not name.endswith("/"):
            raise FileTypeNotAllowed("Documents with macros are not accepted.")
        if name == "meta.xml":
            return ODF_META
        if name.startswith("Pictures/"):
            return _clean_picture(name, content)
        if name in ("content.xml", "styles.xml"):
            return ODF_CREATORS.sub(rb"\1\3", content)
        return content

    return clean


def clean_zip(clean_document: Callable[[str, bytes], bytes]) -> Callable[[bytes], bytes]:
    """Any files but programs, macro documents and archives in archives, which nobody could check."""

    def clean(content: bytes) -> bytes:
        archive = _open(content)
        if not archive.namelist():
            raise FileUnreadable("The archive is empty.")
        return _rewrite(archive, clean_part)

    def clean_part(name: str, content: bytes) -> bytes:
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        if extension in RUNNABLE or content.startswith(RUNNABLE_MAGIC):
            raise FileTypeNotAllowed("The archive holds a program.")
        if extension in NESTED:
            raise FileTypeNotAllowed("Archives inside archives are not accepted.")
        return clean_document(name, content)

    return clean


def _open(content: bytes) -> zipfile.ZipFile:
    """Guards against what unpacks to more than it should, climbs out of its folder, or hides behind a password."""
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise FileTypeNotAllowed
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise FileUnreadable from error
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_BYTES:
        raise FileUnreadable("The archive unpacks to too much.")
    if unpacked > RATIO_FROM and unpacked > MOST_RATIO * len(content):
        raise FileUnreadable("The archive unpacks to too much.")
    if len({member.filename for member in members}) != len(members):
        raise FileUnreadable
    for member in members:
        parts = re.split(r"[/\\]", member.filename)
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise FileUnreadable("The archive holds paths that lead out of it.")
        if member.flag_bits & 0x1:
            raise FileUnreadable("The archive is locked by a password.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise FileUnreadable("The archive holds links.")
    return archive


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member; never more than it says of itself, which `_open` has added up."""
    try:
        return archive.read(name)
    except (
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise FileUnreadable from error


def _rewrite(archive: zipfile.ZipFile, clean: Cleaner) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in archive.infolist():
            name = member.filename
            entry = zipfile.ZipInfo(name, EPOCH)
            if member.is_dir():
                packed.writestr(entry, b"")
                continue
            kept = clean(name, _read(archive, name))
            if kept is not None:
                stored = member.compress_type == zipfile.ZIP_STORED
                entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                packed.writestr(entry, kept)
    return out.getvalue()
