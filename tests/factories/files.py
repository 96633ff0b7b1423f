"""Small documents of each kind that say who wrote them."""

import io
import struct
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

AUTHOR = "Jane Quill Author"


def upload(name: str = "notes.txt", content: bytes = b"Some text.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def pdf(*, password: str = "", owner_password: str = "", script: bool = False) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Author": AUTHOR, "/Creator": AUTHOR})
    comment = FreeText(text="A remark", rect=(10, 10, 100, 50))
    comment[NameObject("/T")] = TextStringObject(AUTHOR)
    writer.add_annotation(0, comment)
    if script:
        action = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert('hello')")}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject(name): value for name, value in action.items()}
        )
    if password or owner_password:
        writer.encrypt(password, owner_password or None, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def packed(members: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(**more: bytes | str) -> bytes:
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "docProps/core.xml": f"<cp:coreProperties><dc:creator>{AUTHOR}</dc:creator></cp:coreProperties>",
            "docProps/app.xml": f"<Properties><Company>{AUTHOR}</Company></Properties>",
            "docProps/custom.xml": f"<Properties><x>{AUTHOR}</x></Properties>",
            "word/document.xml": (
                f'<w:document><w:ins w:id="1" w:author="{AUTHOR}" w:date="2026-01-01T00:00:00Z">'
                "<w:t>The text stays.</w:t></w:ins></w:document>"
            ),
            "word/comments.xml": f"<w:comments><w:comment w:author='{AUTHOR}' w:initials='JQA'/></w:comments>",
            "word/people.xml": f'<w15:people><w15:person w15:author="{AUTHOR}"><x/></w15:person></w15:people>',
            "word/settings.xml": '<w:settings><w:attachedTemplate r:id="rId1"/></w:settings>',
            "word/_rels/settings.xml.rels": (
                '<Relationships><Relationship Id="rId1" Type="http://x/attachedTemplate" '
                f'Target="file:///C:/Users/{AUTHOR}/t.dotx"/></Relationships>'
            ),
            "word/media/image1.jpg": jpeg(),
            **{name.replace("__", "/"): content for name, content in more.items()},
        }
    )


def xlsx() -> bytes:
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "docProps/core.xml": f"<x>{AUTHOR}</x>",
            "xl/workbook.xml": f'<workbook><x15ac:absPath url="C:\\Users\\{AUTHOR}\\"/></workbook>',
            "xl/comments1.xml": f"<comments><authors><author>{AUTHOR}</author></authors></comments>",
            "xl/persons/person.xml": f'<person displayName="{AUTHOR}" userId="{AUTHOR}"/>',
        }
    )


def pptx() -> bytes:
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "docProps/app.xml": f"<x>{AUTHOR}</x>",
            "ppt/presentation.xml": "<p/>",
            "ppt/commentAuthors.xml": f'<p:cmAuthor id="1" name="{AUTHOR}" initials="JQA"/>',
        }
    )


def odt() -> bytes:
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "meta.xml": f"<meta><dc:creator>{AUTHOR}</dc:creator></meta>",
            "content.xml": f"<office:text><dc:creator>{AUTHOR}</dc:creator>The text stays.</office:text>",
        }
    )


def legacy(stream: str, *, macros: bool = False) -> bytes:
    """A compound file of 512-byte sectors: table, directory, a summary of regular size, a small one, the document."""
    end, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    author = AUTHOR.encode()
    large, small = author.ljust(4096, b"."), author.ljust(64, b".")
    document = b"The text stays.".ljust(4096, b".")
    # Sectors: 0 table, 1 and 2 directory, 3 small streams' table, 4 small streams, 5-12 large summary, 13-20 document.
    numbers = [table, 2, end, end, end, *range(6, 13), end, *range(14, 21), end]
    sectors = [
        struct.pack("<128I", *numbers, *[free] * (128 - len(numbers))),
        _entry("Root Entry", 5, 4, 64)
        + _entry("\x05SummaryInformation", 2, 5, 4096)
        + _entry("\x05DocumentSummaryInformation", 2, 0, 64)
        + _entry(stream, 2, 13, 4096),
        _entry("Macros" if macros else "", 1 if macros else 0, 0, 0) + _entry("", 0, 0, 0) * 3,
        struct.pack("<128I", end, *[free] * 127),
        small.ljust(512, b"\0"),
        large,
        document,
    ]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII109I",
        *(bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, 1, 0, 4096, 3, 1, end, 0, 0, *[free] * 108),
    )
    return header + b"".join(sectors)


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le") if name else b""
    return encoded.ljust(64, b"\0") + struct.pack("<HBB12x16x4x8x8xIQ", len(encoded), kind, 1, start, size)


def rtf() -> bytes:
    return b"{\\rtf1{\\info{\\author " + AUTHOR.encode() + b"}}{\\*\\revtbl{" + AUTHOR.encode() + b";}}The text stays.}"


def picture() -> Image.Image:
    image = Image.new("RGB", (16, 8), (200, 30, 30))
    image.putpixel((3, 3), (0, 0, 255))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x013B] = AUTHOR
    exif[0x0112] = orientation
    return saved(picture(), "JPEG", exif=exif, comment=AUTHOR.encode())


def png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", AUTHOR)
    return saved(picture(), "PNG", pnginfo=text)


def gif() -> bytes:
    return saved(picture(), "GIF", comment=AUTHOR.encode(), save_all=True, append_images=[picture()], loop=0)


def webp() -> bytes:
    exif = Image.Exif()
    exif[0x013B] = AUTHOR
    return saved(picture(), "WEBP", exif=exif, lossless=True)
