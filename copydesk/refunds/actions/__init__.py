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
from .executing import adopt_repayment, grant_refund, process_refund, retry_refund, settle_refund
from .pay import lower_pay
from .requesting import NOBODYS, request_refund

__all__ = [
    "BY_NAME",
    "NOBODYS",
    "adopt_repayment",
    "approve_refund",
    "cancel_open_refunds",
    "cancel_refund",
    "consent_to_wallet",
    "decide_refunds",
    "grant_refund",
    "lower_pay",
    "process_refund",
    "reject_refund",
    "request_refund",
    "retry_refund",
    "settle_refund",
]
