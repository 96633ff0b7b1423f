"""Pictures without what cameras and programs write into them. The picture itself is not encoded again."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from .errors import FileTypeNotAllowed, FileUnreadable

MOST_PIXELS = 120_000_000
ORIENTATION = 0x0112
END_OF_IMAGE = b"\xff\xd9"
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def clean_jpeg(content: bytes) -> bytes:
    orientation = _check(content, "JPEG", b"\xff\xd8\xff")
    return b"\xff\xd8" + _orientation_segment(orientation) + b"".join(_jpeg_segments(content))


def _orientation_segment(orientation: int) -> bytes:
    """Of all that EXIF holds, how to turn the picture is needed to see it."""
    if orientation not in range(2, 9):
        return b""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = exif.tobytes()
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def _jpeg_segments(content: bytes) -> Iterator[bytes]:
    """All but comments and applications' data; of these JFIF (0), colour profile (2) and Adobe's transform (14) stay.
    Ends with the first picture: cameras append others, with data of their own."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        end = at + 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
        if marker == 0xDA:
            found = NEXT_MARKER.search(content, end)
            end = found.start() if found else len(content)
        application = 0xE0 <= marker <= 0xEF
        if marker != 0xFE and (not application or marker in (0xE0, 0xE2, 0xEE)):
            yield content[at:end]
        at = end
        if content[at : at + 2] == END_OF_IMAGE:
            yield END_OF_IMAGE
            return
    raise FileUnreadable


def clean_png(content: bytes) -> bytes:
    _check(content, "PNG", b"\x89PNG\r\n\x1a\n")
    kept = [content[:8]]
    at = 8
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        chunk = content[at : at + 12 + length]
        if kind not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"):
            kept.append(chunk)
        at += 12 + length
        if kind == b"IEND":
            return b"".join(kept)
    raise FileUnreadable


def clean_webp(content: bytes) -> bytes:
    _check(content, "WEBP", b"RIFF")
    kept: list[bytes] = []
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack("<4sI", content[at : at + 8])
        padded = length + length % 2
        chunk = content[at : at + 8 + padded]
        if kind == b"VP8X":
            flags = chunk[8] & ~0b0000_1100
            chunk = chunk[:8] + bytes([flags]) + chunk[9:]
        if kind not in (b"EXIF", b"XMP "):
            kept.append(chunk)
        at += 8 + padded
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def clean_gif(content: bytes) -> bytes:
    _check(content, "GIF", b"GIF8")
    try:
        return b"".join(_gif_blocks(content))
    except IndexError as error:
        raise FileUnreadable from error


def _gif_blocks(content: bytes) -> Iterator[bytes]:
    """All but comments and applications' data; the one that loops an animation stays."""
    at = 13 + _colours(content[10])
    yield content[:at]
    while at < len(content) and content[at] != 0x3B:
        start = at
        if content[at] == 0x2C:
            at = _after_blocks(content, at + 11 + _colours(content[at + 9]))
            yield content[start:at]
        elif content[at] == 0x21:
            label, name = content[at + 1], content[at + 3 : at + 14]
            at = _after_blocks(content, at + 2)
            looping = name in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
            if label != 0xFE and (label != 0xFF or looping):
                yield content[start:at]
        else:
            raise FileUnreadable
    yield b"\x3b"


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 0b111) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1


def _check(content: bytes, kind: str, magic: bytes) -> int:
    """Its orientation. Refuses what is no such picture, is broken, or would fill the memory of who opens it."""
    if not content.startswith(magic):
        raise FileTypeNotAllowed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise FileUnreadable("The picture has too many pixels.")
                image.verify()
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                return int(image.getexif().get(ORIENTATION, 1))
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        EOFError,
        IndexError,
        struct.error,
        zlib.error,
    ) as error:
        raise FileUnreadable from error


CLEANERS = {"png": clean_png, "jpg": clean_jpeg, "jpeg": clean_jpeg, "gif": clean_gif, "webp": clean_webp}
