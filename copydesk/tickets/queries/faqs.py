"""Questions and answers for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from copydesk.tenancy.models import Website

from ..models import Category, Faq
from ..models.desk import FaqQuerySet


@dataclass(frozen=True, slots=True)
class FaqRow:
    id: int
    category: Category
    question: str
    answer: str


def published_faqs(website: Website) -> FaqQuerySet:
    """In the desk's order."""
    return Faq.objects.of(website).published().order_by("position", "id")


def faq_rows(faqs: Iterable[Faq]) -> list[FaqRow]:
    return [FaqRow(faq.pk, Category(faq.category), faq.question, faq.answer) for faq in faqs]
