"""What comes in: bodies as strict JSON or multipart, and the fields that more than one desk reads."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from decimal import Decimal
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

import django_filters
import orjson
from django.conf import settings
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from copydesk.core.errors import Invalid

BIGGEST = 2**63 - 1
AMOUNT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?")
MONEY = {"type": "string", "format": "decimal", "pattern": f"^{AMOUNT.pattern}$", "example": "12.50"}
YEARS = range(1900, 2200)
"""Of instants that are taken: hours and shares of the time left are added to them, far from where that overflows."""


class JSONParser(BaseParser):
    """UTF-8 only, no NaN, no lone surrogates; and nothing that PostgreSQL cannot hold."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"Not JSON: {error}") from error
        if errors := unstorable(data):
            raise Invalid(errors)
        return data


def unstorable(data: Any) -> dict[str, str]:
    """field → what is wrong with it. Without recursion: a body may be nested deeper than the stack."""
    errors: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            errors[path] = "NUL characters are not allowed."
        elif isinstance(value, int) and abs(value) > BIGGEST:
            errors[path] = "The number is too large."
        elif isinstance(value, dict):
            if any("\0" in name for name in value):
                errors[path] = "NUL characters are not allowed in names."
            waiting += [(f"{path}.{name}".strip("."), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}.{index}".strip("."), inner) for index, inner in enumerate(value)]
    return errors


OF_JSON: tuple[tuple[Any, tuple[type, ...]], ...] = (
    (serializers.BooleanField, (bool,)),
    (serializers.IntegerField, (int, float)),  # a whole number may be written 2.0
    (serializers.DecimalField, (str, int, float)),
    ((serializers.CharField, serializers.ChoiceField, serializers.DateTimeField), (str,)),
)


def mistyped(field: Any, value: Any, path: str = "") -> dict[str, str]:
    """field → what is wrong with it, where a JSON body has another type than the schema says: fields themselves read
    numbers into text and text into numbers, as forms need it. Null is for the field to take or refuse."""
    if isinstance(value, dict) and hasattr(field, "fields"):
        inside = [(name, one, value[name]) for name, one in field.fields.items() if name in value]
    elif isinstance(value, list) and hasattr(field, "child"):
        inside = [(str(at), field.child, one) for at, one in enumerate(value)]
    else:
        wanted = next((types for kinds, types in OF_JSON if isinstance(field, kinds)), ())
        wrong = wanted and value is not None and type(value) not in wanted
        return {path: f"A JSON {type(value).__name__} is not taken here."} if wrong else {}
    found = [mistyped(one, given, f"{path}.{name}".strip(".")) for name, one, given in inside]
    return {at: wrong for errors in found for at, wrong in errors.items()}


def fingerprint(request: Request) -> bytes:
    """Of method, path with query, and body: to tell a retry from another request. A multipart body is taken by its
    parts, because each try has its own boundary. Keyed, because a body may hold a password."""
    asked = f"{request.method}\0{request.get_full_path()}\0"
    seen = hmac.new(settings.SECRET_KEY.encode(), asked.encode(), "sha256")
    if (request.content_type or "").startswith("multipart/"):
        for name, values in sorted(cast(QueryDict, request.data).lists()):
            value: Any  # text or an upload
            for value in values:
                seen.update(f"\0{name}\0{getattr(value, 'name', value)}\0".encode())
                if hasattr(value, "chunks"):
                    for chunk in value.chunks():
                        seen.update(chunk)
                    value.seek(0)
    else:
        seen.update(request._request.body)
    return seen.digest()


class BulkSerializer(serializers.Serializer[Any]):
    """The base of a bulk body: subclasses add what the action takes."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIGGEST), min_length=1, max_length=500
    )
    mode = serializers.ChoiceField(choices=["preview", "apply"], default="apply")


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2_000)


class OptionalReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class Nothing(serializers.Serializer[Any]):
    """No fields."""


class InstantField(serializers.DateTimeField):
    """An instant: a date-time without offset is refused, not guessed."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            return instant(value if isinstance(value, str) else "")
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


@extend_schema_field({"anyOf": [MONEY, {"type": "number"}]})
class MoneyField(serializers.DecimalField):
    """A decimal string with at most two places, in whole minor units inside the database; no sign, no exponent. A JSON
    number is taken by its shortest text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 12, "decimal_places": 2, **options})

    # The library takes an empty text for null where there may be one.
    validate_empty_values = serializers.Field.validate_empty_values

    def to_internal_value(self, value: Any) -> Decimal:
        if not AMOUNT.fullmatch(str(value)):
            self.fail("invalid")
        return super().to_internal_value(str(value))


class InstantFilter(django_filters.CharFilter):
    """`?from=2026-01-31`, that day's start in the website's zone, or a date-time with its offset."""

    def filter(self, rows: Any, value: str) -> Any:
        if not value:
            return rows
        try:
            return super().filter(rows, instant(value, self.parent.request.actor.website.timezone))
        except ValueError as error:
            name = next(name for name, known in self.parent.filters.items() if known is self)
            raise Invalid({name: str(error)}) from error


def instant(value: str, zone: str | None = None) -> dt.datetime:
    """An instant in UTC, in YEARS; a date only where a zone says when it starts. ValueError with what is wrong."""
    try:
        if zone is not None and (day := parse_date(value)):
            parsed: dt.datetime | None = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
        else:
            parsed = parse_datetime(value)
        found = parsed.astimezone(dt.UTC) if parsed is not None and parsed.tzinfo is not None else None
    except (ValueError, OverflowError) as error:
        raise ValueError("No such date or time.") from error
    if found is not None and found.year not in YEARS:
        raise ValueError(f"Between {YEARS.start} and {YEARS.stop - 1}.")
    if found is not None:
        return found
    if parsed is not None and len(value) > len("2026-01-31"):
        raise ValueError("The date-time has no offset.")
    raise ValueError("Not an ISO 8601 date-time with offset." if zone is None else "Not a date or date-time.")
