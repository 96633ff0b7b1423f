"""Filters that refuse what they cannot read, where the library's own pass it over."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms

from .body import InstantFilter


class _TrueOrFalse(forms.Field):
    words: ClassVar = {"true": True, "false": False}

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if value not in self.words:
            raise forms.ValidationError("true or false.", "invalid")
        return self.words[value]


class BooleanFilter(django_filters.BooleanFilter):
    field_class = _TrueOrFalse


class WholeNumber(django_filters.NumberFilter):
    field_class = forms.IntegerField


def between(column: str) -> type[django_filters.FilterSet]:
    """The base of a filter set with `?from=&to=`, half open, about an instant."""
    about = "A date, that day's start in the website's zone, or a date-time with its offset."
    ends = {
        "from": InstantFilter(column, "gte", help_text=about),
        "to": InstantFilter(column, "lt", help_text="As `from`; not among them."),
    }
    return type("Between", (django_filters.FilterSet,), ends)
