"""What approved, public reviews do to their writers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from copydesk.tenancy.models import Website
from copydesk.writers.actions import keep_rating
from copydesk.writers.models import Writer

from .. import queries
from ..models import Review, Standing


def rate_writer(website: Website, writer_id: int) -> None:
    """Works the writer's rating out again, as of now: older reviews count for less."""
    _hold(website, [writer_id])
    keep_rating(website, writer_id, queries.writer_ratings(website, [writer_id]).get(writer_id))


def rate_writers(website: Website) -> None:
    """Of all who have been reviewed, or were rated so far. Five queries, and one for each rating that has changed."""
    reviewed = Review.objects.of(website).rating_writers().order_by().values_list("writer_id", flat=True).distinct()
    rated = Writer.objects.of(website).filter(rating_milli__isnull=False).values_list("pk", flat=True)
    writers = sorted({pk for pk in (*reviewed, *rated) if pk is not None})
    _hold(website, writers)
    found = queries.writer_ratings(website, writers)
    for writer_id in writers:
        keep_rating(website, writer_id, found.get(writer_id))


def rank_writers(website: Website, at: datetime) -> None:
    """Works all writers' standings out again, as of `at`. Three queries, whatever their number."""
    rows = queries.standings(website, at)
    kept = [field.name for field in Standing._meta.concrete_fields if field.name not in ("writer", "website")]
    Standing.objects.of(website).bulk_create(rows, update_conflicts=True, unique_fields=["writer"], update_fields=kept)


def _hold(website: Website, writer_ids: Collection[int]) -> None:
    """Who comes second reads what the first one did not see, and does not write before it."""
    rows = Writer.objects.of(website).filter(pk__in=writer_ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
