"""Answers are dataclasses: orjson writes them, and the OpenAPI schema is derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework_dataclasses.serializers import DataclassSerializer


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def dumps(value: Any) -> bytes:
    return orjson.dumps(value, default=_other, option=orjson.OPT_NON_STR_KEYS)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else dumps(data)


class OnlyJSON(BaseContentNegotiation):
    """Whatever `Accept` says: an answer in JSON helps more than a 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class _RowSerializer(DataclassSerializer[Any]):
    @property
    def serializer_dataclass_field(self) -> type[Serializer[Any]]:
        return _RowSerializer

    def build_enum_field(self, field_name: str, type_info: Any) -> Any:
        """With Django's labels, by which the schema knows one set of choices wherever it stands."""
        field, options = super().build_enum_field(field_name, type_info)
        choices = getattr(type_info.base_type, "choices", None)
        return field, {**options, "choices": choices} if choices else options


@cache
def shape(row: type) -> type[Serializer[Any]]:
    """The serializer of a report or row dataclass: for the schema only, answers are not run through it."""
    assert is_dataclass(row)
    meta = type("Meta", (), {"dataclass": row})
    return type(row.__name__, (_RowSerializer,), {"Meta": meta, "__doc__": row.__doc__})
