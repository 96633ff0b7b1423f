"""What a website's promises must be to be stored: nothing that is read later can fail for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .calendar import DAY_MINUTES, Calendar, add_business_time
from .clocks import WHOLE_BPS, Kind
from .models.ticket import REQUESTERS, Category, Priority

LONGEST_MINUTES = 366 * DAY_MINUTES
LONGEST_WEEKS = 104
"""Of a resolution, as the desk is open."""
MOST_HOLIDAYS = 400
HIGHEST_LEVEL = 9

Check = Callable[[Any], str | None]
"""What is wrong with a value, or None."""


def _whole(least: int, most: int) -> Check:
    return lambda value: None if type(value) is int and least <= value <= most else f"A number from {least} to {most}."


def _some_of(*known: str) -> Check:
    said = f"A list of some of: {', '.join(known)}."
    return lambda value: None if isinstance(value, (list, tuple)) and all(one in known for one in value) else said


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and 0 < len(value.strip()) <= 100 else "1 to 100 characters."


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else "True or false."


RULE: dict[str, Check] = {
    "name": _text,
    "first_response_minutes": _whole(1, LONGEST_MINUTES),
    "next_response_minutes": _whole(1, LONGEST_MINUTES),
    "resolution_minutes": _whole(1, LONGEST_MINUTES),
    "priorities": _some_of(*(priority.word for priority in Priority)),
    "categories": _some_of(*Category.values),
    "roles": _some_of(*(role.value for role in REQUESTERS)),
}
ESCALATION: dict[str, Check] = {
    "level": _whole(1, HIGHEST_LEVEL),
    "clock": lambda value: None if value in list(Kind) else f"One of: {', '.join(Kind)}.",
    "after_hours": _whole(0, 366 * 24),
}
PLAIN: dict[str, Check] = {
    "at_risk_bps": _whole(0, WHOLE_BPS),
    "reopen_days": _whole(0, 366),
    "close_days": _whole(1, 366),
    "assigns_automatically": _truth,
}


def wrong(data: Mapping[str, Any], longest_minutes: int) -> dict[str, str]:
    """By field (`rules.0.priorities`), what is wrong. `longest_minutes`: of the default targets, which stand behind."""
    errors = dict(_of(data, PLAIN, (), "", also=("rules", "escalations", "week", "holidays")))
    errors |= _rows(data, "rules", RULE, ("priorities", "categories", "roles"))
    errors |= _rows(data, "escalations", ESCALATION, ("after_hours",))
    if errors:
        return errors
    targets = (rule["resolution_minutes"] for rule in data.get("rules", ()))
    return _calendar(data.get("week", ()), data.get("holidays", ()), max((longest_minutes, *targets)))


def _of(
    data: Mapping[str, Any], checks: Mapping[str, Check], needed: tuple[str, ...], at: str, also: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    for name in data:
        if name not in checks and name not in also:
            yield f"{at}{name}", "Unknown field."
    for name, check in checks.items():
        if name in data and (said := check(data[name])):
            yield f"{at}{name}", said
        elif name not in data and name in needed:
            yield f"{at}{name}", "Is needed."


def _rows(data: Mapping[str, Any], name: str, checks: Mapping[str, Check], optional: tuple[str, ...]) -> dict[str, str]:
    rows = data.get(name, ())
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, dict) for row in rows):
        return {name: "A list of objects."}
    needed = tuple(one for one in checks if one not in optional)
    return {field: said for n, row in enumerate(rows) for field, said in _of(row, checks, needed, f"{name}.{n}.")}


def _calendar(week: Any, holidays: Any, longest_minutes: int) -> dict[str, str]:
    try:
        hours = tuple(tuple((_minute(opens), _minute(closes)) for opens, closes in day) for day in week)
        Calendar("UTC", hours)
    except (TypeError, ValueError):
        return {"week": "Seven days, each a list of [opens, closes] in minutes, in order; open on some."}
    if hours and longest_minutes > LONGEST_WEEKS * sum(closes - opens for day in hours for opens, closes in day):
        return {"week": "So few hours that a ticket would take years."}
    try:
        days = frozenset(dt.date.fromisoformat(day) for day in holidays)
        if isinstance(holidays, str) or len(holidays) > MOST_HOLIDAYS:
            raise ValueError
    except (TypeError, ValueError):
        return {"holidays": f"At most {MOST_HOLIDAYS} dates, as 2026-12-25."}
    try:
        calendar = Calendar("UTC", hours, days)
        for day in days:
            add_business_time(calendar, dt.datetime.combine(day, dt.time(), dt.UTC), dt.timedelta(minutes=1))
    except (ValueError, OverflowError):
        return {"holidays": "The desk would not open for more than a year."}
    return {}


def _minute(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value
