"""The sandbox provider's own side, which no website owns and which is never written in our transactions."""

from __future__ import annotations

import uuid

from django.db import models


class SandboxPayment(models.Model):
    """What a real provider would keep on its servers, by our key."""

    key = models.UUIDField(primary_key=True)
    reference = models.UUIDField(default=uuid.uuid4)
    token = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()


class SandboxRefund(models.Model):
    key = models.UUIDField(primary_key=True)
    reference = models.UUIDField(default=uuid.uuid4)
    payment = models.ForeignKey(SandboxPayment, models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    created_at = models.DateTimeField()
