"""File names as they are kept: one path part, nothing invisible, nothing that an operating system reserves."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 150
LONGEST_BYTES = 240
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)


def clean_name(given: str) -> str:
    """Never empty; the extension survives the shortening."""
    last_part = re.split(r"[/\\]", given)[-1]
    visible = "".join(
        character
        for character in unicodedata.normalize("NFC", last_part)
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn") or character in "\t\n"
    )
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", visible)).strip(" .")
    if RESERVED.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    tail = f".{extension[:16]}" if extension else ""
    stem = stem[: LONGEST - len(tail)]
    while len(f"{stem}{tail}".encode()) > LONGEST_BYTES:
        stem = stem[:-1]
    return f"{stem.strip(' .') or 'file'}{tail}"


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
