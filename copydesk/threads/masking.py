"""Taking contact details out of a text, and nothing else.

A text is read as a person reads it (full-width and other alphabets' digits, invisible characters gone), and what is
found is cut out of the original. What only looks like a number to call (years, ISBN, DOI, prices, dates) is set aside
first. See tests/threads/test_masking.py for what is caught and what stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .spelling import (
    CODE_WORDS,
    CUED_PHONE,
    DISCORD_TAG,
    DISCORD_WORDS,
    DOMAIN,
    EMAILS,
    HANDLE,
    HANDLE_CITED,
    MESSENGER_HANDLES,
    NUMBERS,
    PHONES,
    SPELLED_DOMAIN,
    SPELLED_PHONE,
    URL,
    WORDS_AS_TLD,
)

REMOVED = "[removed]"
Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Masked:
    """`counts`: how many were removed, by kind: email, phone, link, handle, word."""

    text: str
    counts: dict[str, int]


def mask(text: str, *, words: Sequence[str] = (), source_hosts: Sequence[str] = ()) -> Masked:
    """`words` of the website's own list go too; links to `source_hosts`, and what is below them, stay."""
    plain, places = _as_read(text)
    spans = _without_overlaps(_found(plain, tuple(words), frozenset(source_hosts)), len(plain))
    parts: list[str] = []
    at = 0
    for start, end, _ in spans:
        first, last = places[start], places[end - 1] + 1
        parts += [text[at:first], REMOVED]
        at = last
    return Masked("".join([*parts, text[at:]]), dict(Counter(kind for _, _, kind in spans)))


def _as_read(text: str) -> tuple[str, list[int]]:
    """The text as it looks, and for each of its characters the place in the original."""
    characters: list[str] = []
    places: list[int] = []
    for place, original in enumerate(text):
        if unicodedata.category(original) in ("Cf", "Mn"):
            continue
        digit = unicodedata.decimal(original, None)
        for character in str(digit) if digit is not None else unicodedata.normalize("NFKC", original):
            characters.append(character)
            places.append(place)
    return "".join(characters), places


def _found(text: str, words: tuple[str, ...], hosts: frozenset[str]) -> Iterator[Span]:
    for pattern in EMAILS:
        yield from _spans(pattern, text, "email")
    yield from _spans(URL, text, "link", lambda match: not _is_source(match["netloc"], hosts))
    yield from _spans(
        DOMAIN, text, "link", lambda match: not (_is_source(match["netloc"], hosts) or _is_sentence_end(match))
    )
    yield from _spans(SPELLED_DOMAIN, text, "link")
    for pattern in MESSENGER_HANDLES:
        yield from _spans(pattern, text, "handle")
    cited = _cover(text, HANDLE_CITED.finditer(text))
    yield from _spans(
        HANDLE,
        text,
        "handle",
        lambda match: match["name"].lower() not in CODE_WORDS and not cited[match.start()],
    )
    yield from _spans(DISCORD_TAG, text, "handle", lambda match: match["name"].lower() not in DISCORD_WORDS)
    yield from _phones(text)
    if words:
        yield from _spans(_word_list(words), text, "word")


def _phones(text: str) -> Iterator[Span]:
    every = (match for pattern in NUMBERS for match in pattern.finditer(text))
    numbers = _cover(text, filter(_is_number, every))

    def callable_(match: re.Match[str]) -> bool:
        digits = sum(character.isdigit() for character in match["found"])
        return 7 <= digits <= 15 and not any(numbers[slice(*match.span("found"))])

    for pattern in PHONES:
        yield from _spans(pattern, text, "phone", callable_)
    yield from _spans(CUED_PHONE, text, "phone", callable_)
    yield from _spans(SPELLED_PHONE, text, "phone", _is_spelled_number)


def _spans(
    pattern: re.Pattern[str], text: str, kind: str, holds: Callable[[re.Match[str]], bool] | None = None
) -> Iterator[Span]:
    """Of the whole match, or of what the pattern calls `found` in it."""
    for match in pattern.finditer(text):
        if holds is None or holds(match):
            yield *match.span("found" if "found" in pattern.groupindex else 0), kind


def _is_source(netloc: str, hosts: frozenset[str]) -> bool:
    """Of one of `hosts` or below it. A user's part (doi.org@example.com) and a port make it none."""
    labels = netloc.lower().rstrip(".").split(".")
    return any(".".join(labels[i:]) in hosts for i in range(len(labels)))


def _is_sentence_end(match: re.Match[str]) -> bool:
    """A full stop without a space after it: `the result.In addition`."""
    stem, _, last = match["netloc"].rpartition(".")
    bare = match.group() == match["netloc"]
    return bare and (last.lower() in WORDS_AS_TLD or (last.istitle() and stem.islower()))


def _is_number(match: re.Match[str]) -> bool:
    """A book number counts as one only where its check digit is right."""
    if "isbn" not in match.re.groupindex:
        return True
    digits = re.sub(r"[\s-]", "", match["isbn"]).upper()
    if len(digits) == 13:
        return sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits)) % 10 == 0
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return len(values) == 10 and sum(value * (10 - i) for i, value in enumerate(values)) % 11 == 0


def _is_spelled_number(match: re.Match[str]) -> bool:
    """Seven digits in words, or nine apart; not somebody counting."""
    order = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    tokens = re.findall(r"[a-z]+|\d", match.group().lower())
    digits = [
        order.index(token) if token in order else int(token) for token in tokens if token in order or token.isdigit()
    ]
    in_words = sum(not token.isdigit() for token in tokens)
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    return len(steps) > 1 and (in_words >= 3 or len(tokens) >= 9)


def _without_overlaps(spans: Iterator[Span], length: int) -> list[Span]:
    """In the order of the text; of two that overlap, the longer."""
    rank = {"email": 0, "phone": 1, "link": 2, "handle": 3, "word": 4}
    taken = bytearray(length)
    kept: list[Span] = []
    for start, end, kind in sorted(spans, key=lambda s: (s[0] - s[1], rank[s[2]], s[0])):
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            kept.append((start, end, kind))
    return sorted(kept)


def _cover(text: str, matches: Iterator[re.Match[str]]) -> bytearray:
    """For each character, whether one of `matches` holds it."""
    covered = bytearray(len(text))
    for match in matches:
        start, end = match.span()
        covered[start:end] = b"\x01" * (end - start)
    return covered


@lru_cache(maxsize=256)
def _word_list(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word.strip())
    return re.compile(rf"(?<!\w)(?:{parts or '(?!)'})(?!\w)", re.IGNORECASE)
