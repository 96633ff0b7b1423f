"""Where a writer stands among the others."""

from __future__ import annotations

from django.db import models

from copydesk.tenancy.models import TenantModel
from copydesk.writers.models import Writer


class Standing(TenantModel):
    """A writer's place among those of its website, as last worked out from the rows: counted each time over all of
    them it would cost what the website has. Figures are of the year before `computed_at`; `rank` is null while the
    writer is unranked, `ranked` how many are not."""

    writer = models.OneToOneField(Writer, models.CASCADE, primary_key=True, db_column="id", related_name="standing")
    rating_milli = models.PositiveIntegerField(null=True)
    mean_rating_milli = models.PositiveIntegerField(null=True)
    """The website's, then."""
    completed = models.PositiveIntegerField()
    outcomes = models.PositiveIntegerField()
    on_time = models.PositiveIntegerField()
    submitted = models.PositiveIntegerField()
    revised = models.PositiveIntegerField()
    delivered = models.PositiveIntegerField()
    composite = models.FloatField()
    rank = models.PositiveIntegerField(null=True)
    ranked = models.PositiveIntegerField()
    computed_at = models.DateTimeField()
