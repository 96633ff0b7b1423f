"""The ledger, charges and repayments, earnings and payouts; and the sandbox provider's own side."""

from .charges import (
    Charge,
    ChargeStatus,
    ClientAction,
    Destination,
    Method,
    Purpose,
    Reference,
    Repayment,
    RepaymentStatus,
    Webhook,
)
from .earnings import Earning, EarningHold, EarningKind, EarningState
from .ledger import AccountKind, LedgerAccount, Posting, Transfer, TransferPurpose
from .payouts import Payout, PayoutLine, PayoutStatement, PayoutStatus
from .sandbox import SandboxPayment, SandboxRefund

__all__ = [
    "AccountKind",
    "Charge",
    "ChargeStatus",
    "ClientAction",
    "Destination",
    "Earning",
    "EarningHold",
    "EarningKind",
    "EarningState",
    "LedgerAccount",
    "Method",
    "Payout",
    "PayoutLine",
    "PayoutStatement",
    "PayoutStatus",
    "Posting",
    "Purpose",
    "Reference",
    "Repayment",
    "RepaymentStatus",
    "SandboxPayment",
    "SandboxRefund",
    "Transfer",
    "TransferPurpose",
    "Webhook",
]
