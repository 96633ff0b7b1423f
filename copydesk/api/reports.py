"""What reports are asked for: `?from=&to=` or `?days=N`, `?compare=`, and for series `?granularity=`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.core.period import Compare, Granularity, Period, last_days

from .body import instant

DEFAULT_DAYS = 30
MOST_DAYS = 3_660
DATE = {"type": "string", "format": "date", "example": "2026-01-31"}
INSTANT = {"type": "string", "format": "date-time", "example": "2026-01-31T09:00:00Z"}


@extend_schema_field({"anyOf": [DATE, INSTANT]})
class DayOrInstant(serializers.Field[Any, Any, Any, Any]):
    """A date, that day's start in the website's zone, or a date-time with its offset."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            return instant(value, self.context["view"].actor.website.timezone)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


class PeriodQuery(serializers.Serializer[Any]):
    """Validates to {"period": Period}. Without `from` the period is the last `days`, today, taken whole, among them;
    without `to` it lasts to the end of today."""

    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, required=False, help_text="30 where left out.")
    compare = serializers.ChoiceField(choices=[one.value for one in Compare], default=Compare.NONE.value)

    def get_fields(self) -> dict[str, Any]:
        ends = {name: DayOrInstant(required=False, help_text=text) for name, text in ENDS.items()}
        return {**ends, **super().get_fields()}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        zone = self.context["view"].actor.website.timezone
        cut = Granularity(given.get("granularity", Granularity.DAY)), Compare(given["compare"])
        since, until, days = given.get("from"), given.get("to"), given.get("days")
        if since is None:
            if until is not None:
                raise Invalid({"from": "Say where the period starts, too."})
            return {"period": last_days(days or DEFAULT_DAYS, clock.now(), zone, *cut)}
        if days is not None:
            raise Invalid({"days": "Either days, or from and to."})
        if until is None:
            until = last_days(1, clock.now(), zone, *cut).until
        if since >= until:
            raise Invalid({"to": "Not after `from`."})
        return {"period": Period(since, until, zone, *cut)}


class UncomparedQuery(PeriodQuery):
    """Of figures that stand alone, as beside a queue, which is as of now."""

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name != "compare"}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return super().validate({**given, "compare": Compare.NONE.value})


class DashboardQuery(PeriodQuery):
    """Compared with the time before, where nothing else is asked."""

    compare = serializers.ChoiceField(choices=[one.value for one in Compare], default=Compare.PREVIOUS.value)


class SeriesQuery(PeriodQuery):
    """Refuses a period of more buckets than a series may have."""

    granularity = serializers.ChoiceField(choices=[one.value for one in Granularity], default=Granularity.DAY.value)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        valid = super().validate(given)
        valid["period"].buckets()
        return valid


ENDS = {
    "from": "A date, that day's start in the website's zone, or a date-time with its offset.",
    "to": "As `from`; not in the period.",
}
