"""The receipt of money that was given back, as pdf; numbered without gaps within its website."""

from __future__ import annotations

from copydesk.payments.models import Destination, Method
from copydesk.payments.receipt import METHODS, local_time, paper
from copydesk.tenancy.models import Website

from .actions.requesting import repayments_of
from .errors import NoRefundReceipt
from .models import Refund


def receipt_number(website: Website, refund: Refund) -> str:
    return f"{website.slug.upper()}-R{refund.receipt_number:06d}"


def receipt_pdf(website: Website, refund: Refund) -> bytes:
    """Website, number, date in the website's zone, where each part went, and the sum; the client by number. Of a refund
    with its order and client; one query. Raises NoRefundReceipt unless it succeeded."""
    if refund.receipt_number is None or refund.succeeded_at is None:
        raise NoRefundReceipt
    back_to = {Destination.CARD: METHODS[Method.CARD], Destination.WALLET: METHODS[Method.WALLET]}
    return paper(
        website,
        "Receipt of refund",
        receipt_number(website, refund),
        [
            ("Date", local_time(website, refund.succeeded_at)),
            ("Client", str(refund.client.number)),
            ("Order", str(refund.order.number)),
        ],
        [
            (f"To: {back_to[Destination(part.destination)]}, of payment {part.charge_id}", part.amount_minor)
            for part in repayments_of(refund)
        ],
        [("Refunded", refund.amount_minor)],
        refund.currency,
    )
