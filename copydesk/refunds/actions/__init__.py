"""Refunds are asked for, decided, executed; and writers' pay follows."""

from .deciding import (
    BY_NAME,
    approve_refund,
    cancel_open_refunds,
    cancel_refund,
    consent_to_wallet,
    decide_refunds,
    reject_refund,
)
from .executing import confirm_identity, follow_settlement, grant_refund, process_refund, retry_refund, settle_refund
from .pay import lock_members, lower_pay
from .requesting import request_refund

__all__ = [
    "BY_NAME",
    "approve_refund",
    "cancel_open_refunds",
    "cancel_refund",
    "confirm_identity",
    "consent_to_wallet",
    "decide_refunds",
    "follow_settlement",
    "grant_refund",
    "lock_members",
    "lower_pay",
    "process_refund",
    "reject_refund",
    "request_refund",
    "retry_refund",
    "settle_refund",
]
