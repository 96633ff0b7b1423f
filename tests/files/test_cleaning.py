"""Documents lose their authors and keep their content; broken and dangerous ones are refused, never crash."""

import io
import random
import zipfile

import pytest
from PIL import Image
from pypdf import PdfReader

from copydesk.core.errors import Refusal
from copydesk.files.errors import FileTypeNotAllowed, FileUnreadable
from copydesk.files.formats import FORMATS
from tests.factories import files
from tests.factories.files import AUTHOR

SAMPLES = {
    "pdf": files.pdf(),
    "docx": files.docx(),
    "xlsx": files.xlsx(),
    "pptx": files.pptx(),
    "odt": files.odt(),
    "rtf": files.rtf(),
    "png": files.png(),
    "jpg": files.jpeg(),
    "gif": files.gif(),
    "webp": files.webp(),
    "zip": files.packed({"essay.docx": files.docx(), "notes.txt": "notes"}),
    "doc": files.legacy("WordDocument"),
    "xls": files.legacy("Workbook"),
    "ppt": files.legacy("PowerPoint Document"),
    "txt": b"plain text",
}


def clean(extension: str, content: bytes) -> bytes:
    return FORMATS[extension].clean(content)


def unpacked(content: bytes) -> bytes:
    """All that an archive says, its members unpacked, archives in it too."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(name.encode() + b"\n" + unpacked(archive.read(name)) for name in archive.namelist())


@pytest.mark.parametrize("extension", sorted(set(SAMPLES) - {"txt"}))
def test_authors_go(extension: str) -> None:
    before, after = unpacked(SAMPLES[extension]), unpacked(clean(extension, SAMPLES[extension]))
    assert AUTHOR.encode() in before
    assert AUTHOR.encode() not in after
    assert b"JQA" not in after


@pytest.mark.parametrize("extension", sorted(SAMPLES))
def test_cleaning_is_the_same_each_time_and_accepts_its_own_result(extension: str) -> None:
    once = clean(extension, SAMPLES[extension])
    assert clean(extension, SAMPLES[extension]) == once
    assert clean(extension, once)


@pytest.mark.parametrize("extension", ["docx", "odt", "rtf", "doc"])
def test_the_text_stays(extension: str) -> None:
    assert b"The text stays." in unpacked(clean(extension, SAMPLES[extension]))


@pytest.mark.parametrize("extension", ["png", "jpg", "gif", "webp"])
def test_the_picture_stays(extension: str) -> None:
    before, after = (Image.open(io.BytesIO(c)) for c in (SAMPLES[extension], clean(extension, SAMPLES[extension])))
    assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()
    assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)


def test_how_to_turn_a_photo_stays() -> None:
    after = Image.open(io.BytesIO(clean("jpg", files.jpeg(orientation=6))))
    assert dict(after.getexif()) == {0x0112: 6}


def test_an_old_document_keeps_its_size_and_its_other_streams() -> None:
    before, after = SAMPLES["doc"], clean("doc", SAMPLES["doc"])
    assert len(after) == len(before)
    assert after[:2048] == before[:2048]
    assert after[-4096:] == before[-4096:]


def test_an_old_document_whose_tables_turn_in_circles_is_refused() -> None:
    looped = bytearray(SAMPLES["doc"])
    looped[512 + 4 * 12 : 512 + 4 * 13] = (5).to_bytes(4, "little")
    with pytest.raises(FileUnreadable):
        clean("doc", bytes(looped))


def test_what_follows_a_photo_goes() -> None:
    assert clean("jpg", files.jpeg() + files.jpeg()) == clean("jpg", files.jpeg())


def test_a_pdf_keeps_its_pages_and_loses_its_scripts() -> None:
    reader = PdfReader(io.BytesIO(clean("pdf", files.pdf(script=True))))
    assert len(reader.pages) == 1
    assert not reader.metadata
    assert "/JavaScript" not in str(reader.trailer["/Root"])
    assert "A remark" in str(reader.pages[0]["/Annots"][0].get_object())


def test_a_pdf_locked_for_reading_is_refused_and_one_locked_for_editing_is_opened() -> None:
    with pytest.raises(FileUnreadable):
        clean("pdf", files.pdf(password="secret"))
    opened = PdfReader(io.BytesIO(clean("pdf", files.pdf(owner_password="secret"))))
    assert not opened.is_encrypted
    assert AUTHOR not in str(opened.pages[0]["/Annots"][0].get_object())


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("pdf", b"MZ\x90\x00 a program"),
        ("pdf", files.png()),
        ("docx", files.pdf()),
        ("docx", files.xlsx()),
        ("docx", files.docx(word__vbaProject_bin=b"x").replace(b"vbaProject_bin", b"vbaProject.bin")),
        ("docx", files.packed({"[Content_Types].xml": "macroEnabled.main", "word/document.xml": "x"})),
        ("xlsx", files.docx()),
        (
            "odt",
            files.packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "", "Basic/x": "m"}),
        ),
        ("odt", files.packed({"mimetype": "application/epub+zip", "content.xml": ""})),
        ("doc", files.legacy("Workbook")),
        ("doc", files.legacy("WordDocument", macros=True)),
        ("doc", files.docx()),
        ("rtf", b"{\\rtf1{\\object\\objemb{\\*\\objdata 0105}}}"),
        ("png", files.jpeg()),
        ("jpg", b"<svg onload=alert(1)>"),
        ("txt", b"MZ\x90\x00\x03\x00\x00"),
        ("csv", files.pdf()[:3] + b"\x00"),
        ("zip", files.packed({"tool.exe": "x"})),
        ("zip", files.packed({"harmless.txt": b"MZ\x90"})),
        ("zip", files.packed({"inner.zip": files.packed({"a.txt": "x"})})),
        ("zip", files.packed({"report.docm": "x"})),
        ("zip", files.packed({"fake.pdf": b"no pdf"})),
        ("zip", files.pdf()),
    ],
)
def test_another_content_than_the_name_says_and_programs_are_refused(extension: str, content: bytes) -> None:
    with pytest.raises(FileTypeNotAllowed):
        clean(extension, content)


def bomb() -> bytes:
    return files.packed({f"{i}.txt": b"0" * 10_000_000 for i in range(3)})


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("pdf", b"%PDF-1.7 and nothing more"),
        ("pdf", files.pdf()[:200]),
        ("docx", files.docx()[:400]),
        ("docx", files.docx(word__header1_xml=b"x").replace(b"word/people.xml", b"../../etc/people")),
        ("zip", files.packed({})),
        ("zip", files.packed({"../../etc/passwd": "x"})),
        ("zip", files.packed({"/etc/passwd": "x"})),
        ("zip", bomb()),
        ("zip", files.packed({f"{i}": b"" for i in range(5_001)}, zipfile.ZIP_STORED)),
        ("png", files.png()[:40]),
        ("jpg", files.jpeg()[:60]),
        ("rtf", b"{\\rtf1{\\info{\\author x}"),
        ("txt", b"\xff\xfe\x00"),
    ],
)
def test_broken_files_are_refused(extension: str, content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        clean(extension, content)


@pytest.mark.parametrize("extension", sorted(SAMPLES))
def test_damage_is_refused_or_survived_never_a_crash(extension: str) -> None:
    chance = random.Random(7)
    sample = SAMPLES[extension]
    for _ in range(60):
        damaged = bytearray(sample)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
        cut = chance.choice([len(damaged), chance.randrange(8, len(damaged))])
        try:
            clean(extension, bytes(damaged[:cut]))
        except Refusal:
            continue
