"""The binary documents of old (.doc, .xls, .ppt): a small file system, whose streams about the author are emptied.

Only what is needed to find a stream and write over it in place: [MS-CFB] for the file system, [MS-OLEPS] for the
properties. Nothing moves, so the document's own parts stay as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import FileUnreadable

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
LAST_SECTOR = 0xFFFFFFFA
"""Numbers from here on are marks: end of chain, free, table."""
ENTRY = 128
ABOUT_THE_AUTHOR = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
PROPERTIES_ID = {
    "\x05SummaryInformation": bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9"),
    "\x05DocumentSummaryInformation": bytes.fromhex("02d5cdd59c2e1b10939708002b2cf9ae"),
}


@dataclass(frozen=True, slots=True)
class Stream:
    name: str
    kind: int
    start: int
    size: int


class Compound:
    """A compound file. Raises FileUnreadable where its tables lead out of it or in circles."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)
        if len(content) < 512 or not content.startswith(MAGIC):
            raise FileUnreadable
        shift, self.mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or self.mini_shift != 6:
            raise FileUnreadable
        self.size = 1 << shift
        self.cutoff, mini_start = struct.unpack_from("<I I", content, 56)
        directory_start = struct.unpack_from("<I", content, 48)[0]
        self.table = self._read_table()
        self.streams = list(self._read_directory(directory_start))
        self.mini_table = self._numbers(self._chain(mini_start, self.table))
        root = next((stream for stream in self.streams if stream.kind == 5), None)
        self.mini_sectors = self._chain(root.start, self.table) if root else []

    def places(self, stream: Stream) -> Iterator[tuple[int, int]]:
        """(offset, length) of the stream's parts in the file, in order."""
        small = stream.size < self.cutoff
        unit = 1 << self.mini_shift if small else self.size
        left = stream.size
        for number in self._chain(stream.start, self.mini_table if small else self.table):
            if left <= 0:
                return
            yield self._small_at(number) if small else self._at(number), min(unit, left)
            left -= unit

    def overwrite(self, stream: Stream, new: bytes) -> None:
        """`new`, then zeros to the stream's old size."""
        if stream.size > len(self.content):
            raise FileUnreadable
        padded = new[: stream.size].ljust(stream.size, b"\0")
        done = 0
        for offset, length in self.places(stream):
            if offset + length > len(self.content):
                raise FileUnreadable
            self.content[offset : offset + length] = padded[done : done + length]
            done += length

    def _at(self, sector: int) -> int:
        return int((sector + 1) * self.size)

    def _small_at(self, number: int) -> int:
        each = self.size >> self.mini_shift
        if number // each >= len(self.mini_sectors):
            raise FileUnreadable
        return int(self._at(self.mini_sectors[number // each]) + (number % each << self.mini_shift))

    def _sector(self, number: int) -> bytes:
        found = bytes(self.content[self._at(number) : self._at(number) + self.size])
        if not found:
            raise FileUnreadable
        return found.ljust(self.size, b"\0")

    def _numbers(self, sectors: list[int]) -> list[int]:
        return [n for sector in sectors for (n,) in struct.iter_unpack("<I", self._sector(sector))]

    def _chain(self, start: int, table: list[int]) -> list[int]:
        chain: list[int] = []
        seen: set[int] = set()
        while start < LAST_SECTOR:
            if start in seen or start >= len(table):
                raise FileUnreadable
            seen.add(start)
            chain.append(start)
            start = table[start]
        return chain

    def _read_table(self) -> list[int]:
        """The first 109 parts of the table are named in the header, the others in sectors of their own."""
        parts = list(struct.unpack_from("<109I", self.content, 76))
        following = struct.unpack_from("<I", self.content, 68)[0]
        seen: set[int] = set()
        while following < LAST_SECTOR:
            if following in seen:
                raise FileUnreadable
            seen.add(following)
            *more, following = self._numbers([following])
            parts += more
        return self._numbers([part for part in parts if part < LAST_SECTOR])

    def _read_directory(self, start: int) -> Iterator[Stream]:
        for sector in self._chain(start, self.table):
            content = self._sector(sector)
            for at in range(0, self.size, ENTRY):
                length = struct.unpack_from("<H", content, at + 64)[0]
                name = content[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
                first, size = struct.unpack_from("<II", content, at + 116)
                yield Stream(name, content[at + 66], first, size)


def without_author(content: bytes) -> bytes:
    """The document with its summaries (author, company, who saved it last, titles) emptied, all else as it was."""
    file = Compound(content)
    for stream in file.streams:
        if stream.name in ABOUT_THE_AUTHOR and stream.kind == 2:
            file.overwrite(stream, _no_properties(PROPERTIES_ID[stream.name]))
    return bytes(file.content)


def stream_names(content: bytes) -> set[str]:
    return {stream.name for stream in Compound(content).streams}


def _no_properties(format_id: bytes) -> bytes:
    """A valid set of properties with none in it."""
    header = struct.pack("<HHI16xI", 0xFFFE, 0, 0x00020006, 1)
    return header + format_id + struct.pack("<I", 48) + struct.pack("<II", 8, 0)
