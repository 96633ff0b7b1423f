"""What payments refuses, each with its own code."""

from copydesk.core.errors import Refusal


class InsufficientFunds(Refusal):
    code = "insufficient_funds"
    message = "The wallet does not hold enough money."


class ChargePending(Refusal):
    """`charge_id` in the context: its outcome must be known before another charge for the same thing begins."""

    code = "charge_pending"
    message = "An earlier payment for this is not settled yet."


class ChargeKeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    message = "This key was used for a payment of another amount."


class PaymentDeclined(Refusal):
    """Returned, never raised: the declined charge is kept. `charge_id` and `decline_code` in the context."""

    code = "payment_declined"
    message = "The payment was declined."


class RefundTooLarge(Refusal):
    code = "refund_too_large"
    message = "More than what is left to give back."


class ReductionTooLarge(Refusal):
    code = "reduction_too_large"
    message = "More than what is left of this earning."


class NoReceipt(Refusal):
    code = "no_receipt"
    message = "Only a captured payment has a receipt."


class SamePerson(Refusal):
    code = "same_person"
    message = "Another person than the one who prepared it must approve."


class PayoutOpen(Refusal):
    code = "payout_open"
    message = "A payout is already prepared: approve or cancel it first."


class PayoutHeld(Refusal):
    """`reference_ids` in the context: of what it was earned for."""

    code = "payout_held"
    message = "Something in this payout is disputed or appealed: cancel the payout and prepare it again."


class NothingPayable(Refusal):
    code = "nothing_payable"
    message = "No writer has payable earnings of at least the threshold."


class WebhookRefused(Refusal):
    code = "webhook_refused"
    status = 400
    message = "Not signed by the provider, too old, or delivered before."


class UnknownProvider(Refusal):
    code = "not_found"
    status = 404
    message = "Not found."
