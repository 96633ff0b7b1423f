"""Numbers and rows of payments."""

from .charges import ChargeRow, charge_row, charge_rows, refundable_minor
from .earnings import earned_minor
from .ledger import Drift, EntryRow, drift, entries, entry_rows
from .payouts import (
    PayoutDetail,
    PayoutRow,
    StatementDetail,
    StatementRow,
    WriterShareRow,
    payout_counts,
    payout_detail,
    payout_rows,
    payout_shares,
    share_rows,
    statement_detail,
    statement_of,
    statement_rows,
)
from .wallets import WalletRow, wallet

__all__ = [
    "ChargeRow",
    "Drift",
    "EntryRow",
    "PayoutDetail",
    "PayoutRow",
    "StatementDetail",
    "StatementRow",
    "WalletRow",
    "WriterShareRow",
    "charge_row",
    "charge_rows",
    "drift",
    "earned_minor",
    "entries",
    "entry_rows",
    "payout_counts",
    "payout_detail",
    "payout_rows",
    "payout_shares",
    "refundable_minor",
    "share_rows",
    "statement_detail",
    "statement_of",
    "statement_rows",
    "wallet",
]
