"""What refunds refuse, each with its own code."""

from copydesk.core.errors import Refusal


class OrderDisputed(Refusal):
    code = "order_disputed"
    message = "The order is disputed: its outcome decides about money."


class AnotherPerson(Refusal):
    """Above the website's cap."""

    code = "same_person"
    message = "Another person than the one who asked for it must approve a refund of this size."


class ConsentMissing(Refusal):
    code = "consent_missing"
    message = "The client has not agreed to be refunded to the wallet."


class ConsentGiven(Refusal):
    code = "consent_given"
    message = "There is nothing to agree to."


class PartlyRefunded(Refusal):
    code = "partly_refunded"
    message = "Part of it has gone back already: what failed of it can only be tried again."


class WrongPassword(Refusal):
    code = "wrong_password"
    status = 403
    message = "Your password is wrong."


class NoRefundReceipt(Refusal):
    code = "no_receipt"
    message = "Only money that was given back has a receipt."
