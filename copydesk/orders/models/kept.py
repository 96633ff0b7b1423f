"""What is worked out from rows now and then, because a screen would read a whole website for it each time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from copydesk.tenancy.models import TenantModel
from copydesk.writers.models import Writer

from .order import Status


class Form(TenantModel):
    """What an admitted writer brings to any order. `completed`, `dropped`, `rounds_on_time` and `rounds_submitted` are
    of the year before `computed_at`, as matching counts them. `points`: ten-thousandths of the match score for an order
    whose subject and paper type it does not know; knowing them adds the same for everybody, so that the best writers of
    an order are found by walking down an index."""

    writer = models.OneToOneField(Writer, models.CASCADE, primary_key=True, db_column="id", related_name="+")
    completed = models.PositiveIntegerField()
    dropped = models.PositiveIntegerField()
    rounds_on_time = models.PositiveIntegerField()
    rounds_submitted = models.PositiveIntegerField()
    points = models.PositiveIntegerField()
    academic_rank = models.PositiveSmallIntegerField()
    """The highest academic level that it is qualified for."""
    computed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["website", "-points", "writer"], name="form_by_points")]


class Dwell(TenantModel):
    """How long orders stood in a status before they left it: the p90 of `n` stays, of orders placed in the 90 days
    before `computed_at`."""

    stage = models.CharField(max_length=12, choices=Status.choices)
    p90 = models.DurationField()
    n = models.PositiveIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["website", "stage"], name="dwell_once")]
