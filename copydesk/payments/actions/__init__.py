"""What changes money. Higher domains call these; each runs in the caller's transaction unless it says otherwise."""

from .charges import begin_charge, charge_wallet, look_up_charge, receive_webhook, run_charge, settle_charge
from .earnings import (
    earn,
    earn_tip,
    hold_earnings,
    keep_fine,
    reduce_earning,
    reduce_pay,
    release_earnings,
    waive_fine,
)
from .ledger import lock_accounts
from .payouts import approve_payout, cancel_payout, pay_payout, prepare_payout
from .repayments import (
    cancel_repayment,
    divert_to_wallet,
    execute_repayment,
    plan_repayments,
    repay,
    retry_repayment,
    start_repayment,
)
from .topups import top_up

__all__ = [
    "approve_payout",
    "begin_charge",
    "cancel_payout",
    "cancel_repayment",
    "charge_wallet",
    "divert_to_wallet",
    "earn",
    "earn_tip",
    "execute_repayment",
    "hold_earnings",
    "keep_fine",
    "lock_accounts",
    "look_up_charge",
    "pay_payout",
    "plan_repayments",
    "prepare_payout",
    "receive_webhook",
    "reduce_earning",
    "reduce_pay",
    "release_earnings",
    "repay",
    "retry_repayment",
    "run_charge",
    "settle_charge",
    "start_repayment",
    "top_up",
    "waive_fine",
]
