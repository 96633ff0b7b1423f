"""What reviews refuse with."""

from __future__ import annotations

from copydesk.core.errors import Refusal


class OrderNotCompleted(Refusal):
    code = "order_not_completed"
    message = "An order is reviewed once it is completed."


class AlreadyReviewed(Refusal):
    code = "already_reviewed"
    message = "You have reviewed this order already."
