"""What a website lets pass in messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.tenancy.policies import PolicyBase

from .masking import Masked, mask

SOURCE_HOSTS = (
    # Suffixes: academia, states, and the places that references point to.
    *(
        "edu",
        "gov",
        "mil",
        "int",
        "ac.uk",
        "gov.uk",
        "nhs.uk",
        "edu.au",
        "gov.au",
        "ac.nz",
        "govt.nz",
        "ac.za",
        "ac.in",
    ),
    *("gc.ca", "canada.ca", "europa.eu", "un.org", "oecd.org", "worldbank.org", "imf.org", "who.int", "unesco.org"),
    *("doi.org", "orcid.org", "crossref.org", "arxiv.org", "biorxiv.org", "medrxiv.org", "ssrn.com", "jstor.org"),
    *("springer.com", "nature.com", "science.org", "sciencedirect.com", "elsevier.com", "wiley.com", "tandfonline.com"),
    *("sagepub.com", "emerald.com", "oup.com", "cambridge.org", "mdpi.com", "frontiersin.org", "plos.org", "bmj.com"),
    *("thelancet.com", "nejm.org", "jamanetwork.com", "cell.com", "pnas.org", "ieee.org", "acm.org", "apa.org"),
    *(
        "researchgate.net",
        "semanticscholar.org",
        "scholar.google.com",
        "books.google.com",
        "worldcat.org",
        "archive.org",
    ),
    *("wikipedia.org", "wikimedia.org", "britannica.com", "merriam-webster.com", "gutenberg.org", "statista.com"),
    *("pewresearch.org", "gallup.com", "hbr.org", "mckinsey.com", "forbes.com", "bloomberg.com", "reuters.com"),
    *("apnews.com", "bbc.com", "bbc.co.uk", "nytimes.com", "washingtonpost.com", "theguardian.com", "economist.com"),
    *("ft.com", "wsj.com", "cnn.com", "npr.org", "time.com", "theatlantic.com", "khanacademy.org", "coursera.org"),
    *("amazon.com", "apple.com", "booking.com", "alibaba.com", "ibm.com", "microsoft.com", "python.org", "w3.org"),
)


@dataclass(frozen=True)
class MessagePolicy(PolicyBase):
    """`masked_words` are masked wherever they stand as words. Links stay only to `source_hosts` and below them."""

    policy_name: ClassVar[str] = "messages"

    max_length: int = 10_000
    max_attachments: int = 10
    masked_words: tuple[str, ...] = ()
    source_hosts: tuple[str, ...] = SOURCE_HOSTS

    def mask(self, text: str) -> Masked:
        """`text` without contact details, as this website takes them."""
        return mask(text, words=self.masked_words, source_hosts=self.source_hosts)

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        lists = {name: tuple(data[name]) for name in ("masked_words", "source_hosts") if name in data}
        return super().parse({**data, **lists}, version)
