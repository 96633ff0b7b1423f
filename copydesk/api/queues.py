"""How a queue says in the schema which tabs it has; done by `Desk.page(tabs=)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .lists import Pages, parameter


def queue_pages(known: Sequence[str]) -> type[Pages]:
    """Pages of one of these tabs, the first where none is named; `counts` of all of them stand beside the rows."""

    class QueuePages(Pages):
        tabs: ClassVar[Sequence[str]] = known

        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            tab = {"type": "string", "enum": [*known], "default": known[0]}
            return [parameter("tab", tab), *super().get_schema_operation_parameters(view)]

        def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
            whole = {tab: {"type": "integer", "minimum": 0} for tab in known}
            envelope = super().get_paginated_response_schema(schema)
            envelope["properties"]["counts"] = {"type": "object", "required": [*known], "properties": whole}
            envelope["required"].append("counts")
            return envelope

    return QueuePages
