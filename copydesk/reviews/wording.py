"""Texts as the spam score reads them: words, and fragments by which near-duplicates are found."""

from __future__ import annotations

import hashlib
import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
FRAGMENT_WORDS = 3
FRAGMENTS = 16
"""The lowest hashes stand for the whole text: two texts have about that share of them in common which they share."""
LEAST_WORDS = 12
"""Shorter texts are alike by chance."""

POSITIVE = frozenset(
    {
        *("amazing", "best", "brilliant", "excellent", "exceptional", "fantastic", "flawless"),
        *("great", "happy", "helpful", "impressed", "love", "loved", "perfect"),
        *("pleased", "pleasure", "recommend", "satisfied", "superb", "thanks", "wonderful"),
    }
)
NEGATIVE = frozenset(
    {
        *("awful", "bad", "careless", "disappointed", "disappointing", "fake", "horrible"),
        *("plagiarised", "plagiarized", "plagiarism", "poor", "ripoff", "rude", "scam"),
        *("sloppy", "terrible", "unacceptable", "unprofessional", "unusable", "useless", "waste"),
        *("worst"),
    }
)


def words_of(text: str) -> list[str]:
    """Without case, accents and punctuation."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return WORD.findall(bare.casefold())


def fragments_of(text: str) -> list[int]:
    """The lowest hashes of its fragments, rising; none of a short text."""
    words = words_of(text)
    if len(words) < LEAST_WORDS:
        return []
    found = {_hash(" ".join(words[at : at + FRAGMENT_WORDS])) for at in range(len(words) - FRAGMENT_WORDS + 1)}
    return sorted(found)[:FRAGMENTS]


def tone_of(text: str) -> tuple[int, int]:
    """How many words praise, and how many blame."""
    words = words_of(text)
    return sum(word in POSITIVE for word in words), sum(word in NEGATIVE for word in words)


def _hash(fragment: str) -> int:
    return int.from_bytes(hashlib.blake2b(fragment.encode(), digest_size=8).digest(), signed=True)
